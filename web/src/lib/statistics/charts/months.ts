// The control chart: the share of each month between its limits, which tell noise from change, beside last year's.
import { t } from '../../text/language.svelte';
import { percent } from '../../time/format';
import { ledgerOf, type Asked, type Pick } from '../asked';
import { fileOf, questionText } from '../asked_words';
import { daysOfMonth } from '../period';
import type { Month, Months } from '../requests';
import { cell, type Cell } from '../table';
import { onlyTarget } from '../verdict';
import { countCell, interval, monthName, p90Cell, p90Text, shareCell, timeCell, whole } from '../words';
import { axisLook, base, lineAt, targetSteps, type Drawing } from './drawing';
import type { Look } from './look';

const ofMonth = (asked: Asked, month: string, pick: Pick = {}) => ledgerOf({ ...asked, days: daysOfMonth(month) }, pick);

/** What a month's signal means, in words; empty where it is noise. */
export const signalText = ({ signal }: Month) => (signal === null ? '' : t(`figures_signal_${signal}`));
export const isNews = ({ signal, last_year }: Month) => signal !== null || (last_year?.differs ?? false);

function linesOf(month: Month): string[] {
  const { share, share_low, share_high, measured, limit_low, limit_high, last_year } = month;
  return [
    nameOf(month),
    share === null ? t('figures_no_measured') : `${percent(share)} (${interval(share_low, share_high)}) n ${whole(measured)}`,
    ...(measured ? [`p90 ${p90Text(month)}`] : []),
    ...(limit_low === null ? [] : [`${t('figures_limits')} ${interval(limit_low, limit_high)}`]),
    ...(month.signal ? [signalText(month)] : []),
    ...(month.complete ? [] : [t('figures_month_running')]),
    ...(last_year?.share == null ? [] : [lastYearText(last_year)]),
  ];
}

/** With a word where it is not over. */
const nameOf = ({ month, complete }: Month) => `${monthName(month)}${complete ? '' : t('figures_month_open')}`;

function lastYearText({ share, differs, measured }: NonNullable<Month['last_year']>): string {
  return `${t('figures_last_year')} ${percent(share ?? 0)} n ${whole(measured)}${t('comma')}${t(differs ? 'figures_differs' : 'figures_same')}`;
}

function summaryOf(items: readonly Month[]): string {
  const signals = items.filter(({ signal }) => signal !== null);
  if (signals.length) return t('figures_months_signals', { months: signals.map(({ month }) => monthName(month)).join(t('comma')) });
  const drawn = items.some(({ limit_low }) => limit_low !== null);
  return drawn ? t('figures_months_quiet') : `${t('colon')}${t('figures_months_few')}`;
}

export function controlChart(found: Months, asked: Asked): Drawing {
  const { centre } = found;
  // The bureau promised nothing of the other clock.
  const items = found.items.map((month) => ({ ...month, target_share: asked.clock === 'received' ? month.target_share : null }));
  const ends = [items[0]?.month ?? '', items.at(-1)?.month ?? ''] as const;
  const title = t('figures_months');
  return {
    title,
    summary: `${title}${summaryOf(items)}`,
    of: `${ends.join(' – ')} · ${questionText(asked)}`,
    file: fileOf('months', { ...asked, days: { first: ends[0], last: ends[1] } }),
    height_rem: 21,
    along: 'x',
    marks: items.map((month) => ({ lines: linesOf(month), opens: month.incidents ? ofMonth(asked, month.month, month.measured ? { outcome: 'measured' } : {}) : null })),
    option: (look) => option(items, centre, look),
    table: {
      heads: [
        t('group_month'),
        ...(['kpi_incidents', 'kpi_measured', 'kpi_within_n', 'kpi_share', 'kpi_interval'] as const).map((key) => t(key)),
        'p50',
        'p90',
        t('figures_limit_low'),
        t('figures_limit_high'),
        t('figures_signal'),
        t('figures_last_year'),
        t('figures_last_year_n'),
        t('figures_change_points'),
        t('figures_change'),
        t('figures_target_year'),
      ],
      seconds: ['p50', 'p90'],
      rows: items.map((month) => ({
        key: month.month,
        head: { value: month.month, shown: nameOf(month), opens: ofMonth(asked, month.month) },
        cells: [
          countCell(month.incidents, ofMonth(asked, month.month)),
          countCell(month.measured, ofMonth(asked, month.month, { outcome: 'measured' })),
          countCell(month.within_target, ofMonth(asked, month.month, { outcome: 'within' })),
          { ...shareCell(month.share), strong: true },
          cell(month.share === null ? null : interval(month.share_low, month.share_high)),
          timeCell(month.p50_s),
          p90Cell(month),
          shareCell(month.limit_low),
          shareCell(month.limit_high),
          cell(month.complete ? signalText(month) || null : t('figures_month_running')),
          ...lastYearCells(month, asked),
          shareCell(month.target_share),
        ],
      })),
    },
  };
}

/** The share of a year ago and its n, how many points lie between, and whether that is more than chance. */
function lastYearCells({ share, last_year }: Month, asked: Asked): Cell[] {
  const then = last_year?.share ?? null;
  // To the ten-thousandth: what is beyond is the arithmetic's own.
  const points = share === null || then === null ? null : Math.round((share - then) * 1e6) / 1e4;
  return [
    shareCell(then),
    last_year ? countCell(last_year.measured, ofMonth(asked, last_year.month, { outcome: 'measured' })) : cell(null),
    cell(points, (one: number) => `${one < 0 ? '−' : '+'}${Math.abs(one).toFixed(1)}`),
    cell(points === null ? null : t(last_year?.differs ? 'figures_differs' : 'figures_same')),
  ];
}

/** A month that is not over is hollow; a signal is told by its form as well. */
function markOf({ signal, complete }: Month, look: Look) {
  if (!complete) return { symbol: 'circle', symbolSize: 10, itemStyle: { color: look.panel, borderColor: look.accent, borderWidth: 2 } };
  if (signal === null) return { symbol: 'circle', symbolSize: 7, itemStyle: { color: look.accent } };
  return { symbol: signal === 'run' ? 'rect' : 'diamond', symbolSize: 14, itemStyle: { color: look.red, borderColor: look.text, borderWidth: 1.5 } };
}

function option(items: readonly Month[], centre: number | null, look: Look) {
  const target = onlyTarget(items);
  const step = (of: (month: Month) => number | null, dash: boolean, name: string) => ({
    type: 'line',
    name,
    step: 'middle',
    silent: true,
    symbol: 'none',
    data: items.map((month) => of(month) ?? '-'),
    lineStyle: { color: look.grey, width: 1.5, type: dash ? 'dashed' : 'solid' },
    itemStyle: { color: look.grey },
  });
  const least = Math.min(...items.flatMap(({ share, limit_low, last_year, target_share }) => [share, limit_low, last_year?.share, target_share].filter((one) => one != null)), 1);
  const lines = [
    ...(centre === null ? [] : [lineAt(look, 'yAxis', centre, t('figures_centre', { share: percent(centre) }), look.quiet, 'insideStartBottom')]),
    ...(target === null ? [] : [lineAt(look, 'yAxis', target, t('figures_target_line', { target: percent(target) }), look.amber, 'insideStartTop')]),
  ];
  return {
    ...base(look, { top: 44 }),
    legend: { top: 0, left: 'center', textStyle: { color: look.text, fontSize: look.size }, selectedMode: false, itemWidth: 28 },
    xAxis: { type: 'category', data: items.map(nameOf), ...axisLook(look), splitLine: { show: false } },
    yAxis: {
      type: 'value',
      min: Math.max(0, Math.floor((least - 0.05) * 20) / 20),
      max: 1,
      ...axisLook(look),
      axisLabel: { ...axisLook(look).axisLabel, formatter: (value: number) => `${Math.round(value * 100)} %` },
    },
    series: [
      {
        type: 'line',
        name: t('kpi_share'),
        symbol: 'circle',
        z: 4,
        data: items.map((month) => ({
          value: month.share ?? '-',
          ...markOf(month, look),
        })),
        lineStyle: { color: look.accent, width: 2.5 },
        itemStyle: { color: look.accent },
        emphasis: { scale: 1.6 },
        markLine: { silent: true, symbol: 'none', data: lines },
      },
      {
        type: 'line',
        name: t('figures_last_year'),
        silent: true,
        data: items.map(({ last_year }) => last_year?.share ?? '-'),
        symbol: 'emptyTriangle',
        symbolSize: 7,
        lineStyle: { color: look.violet, width: 1.5, type: 'dotted' },
        itemStyle: { color: look.violet },
      },
      ...(target === null ? targetSteps(items, look) : []),
      step(({ limit_high }) => limit_high, true, t('figures_limits')),
      step(({ limit_low }) => limit_low, true, t('figures_limits')),
    ],
  };
}
