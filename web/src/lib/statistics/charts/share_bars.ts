// Shares within the target by group, as bars with their intervals: lying where groups have names, upright over time.
import { named, t } from '../../text/language.svelte';
import { duration, percent } from '../../time/format';
import { ledgerOf, narrowed, type Asked, type Group } from '../asked';
import { fileOf, ofText } from '../asked_words';
import type { Report, Row } from '../requests';
import { cell, NONE, type Table } from '../table';
import { judged, onlyTarget } from '../verdict';
import { countCell, groupName, interval, p90Cell, p90Text, shareCell, timeCell, whole } from '../words';
import { axisLook, base, lineAt, targetSteps, whiskers, type Drawing } from './drawing';
import { FEW, hatched, type Look } from './look';

const UPRIGHT: readonly string[] = ['day', 'month', 'hour'];
/** More bars than that have no room for their figures. */
const WITH_FIGURES = 31;

/** Is all of a share's interval below the target that it stands beside? */
const isBelow = ({ share_high, target_share }: Row) => target_share != null && share_high !== null && share_high < target_share;

/** A word where calls are few; empty else. */
export const fewText = (measured: number) => (measured < FEW ? t('figures_few', { few: FEW }) : '');

/** What was measured; where nothing was, what is excluded. */
export const behind = (asked: Asked, group: string, row: Row) => (row.incidents ? ledgerOf(narrowed(asked, group, row.group), row.measured ? { outcome: 'measured' } : {}) : null);

/** Of a row that was `judged`. */
export function linesOf(group: string, row: Row): string[] {
  const share = row.share === null ? t('figures_no_measured') : `${percent(row.share)} (${interval(row.share_low, row.share_high)})`;
  return [
    groupName(group, row.group),
    `${share} n ${whole(row.measured)}`,
    `p50 ${row.p50_s === null ? NONE : duration(row.p50_s)} · p90 ${p90Text(row)}`,
    ...(isBelow(row) ? [t('figures_below')] : []),
    ...(row.measured > 0 && row.measured < FEW ? [fewText(row.measured)] : []),
  ];
}

/** All figures of each group, the number of incidents first; each opens what it counts. */
export function tableOf(group: string, rows: readonly Row[], asked: Asked): Table {
  const reasons = [...new Set(rows.flatMap(({ excluded }) => Object.keys(excluded)))].sort();
  const heads = [
    named('group', group),
    ...(['kpi_incidents', 'kpi_measured', 'kpi_within_n', 'kpi_share', 'kpi_interval'] as const).map((key) => t(key)),
    'p50',
    'p90',
    t('kpi_mean'),
    t('kpi_unreached_short'),
    ...reasons.map((reason) => `${t('figures_excluded_head')}${named('excluded', reason)}`),
    t('figures_trust'),
  ];
  return {
    heads,
    seconds: ['p50', 'p90', t('kpi_mean')],
    rows: rows.map((row) => {
      const own = narrowed(asked, group, row.group);
      const pick = (choice: Asked['pick']) => ledgerOf(own, choice);
      return {
        key: row.group,
        // Files have one calendar, whatever the language.
        head: { value: group === 'month' ? row.group : groupName(group, row.group), shown: groupName(group, row.group), opens: pick({}) },
        cells: [
          countCell(row.incidents, pick({})),
          countCell(row.measured, pick({ outcome: 'measured' })),
          countCell(row.within_target, pick({ outcome: 'within' })),
          { ...shareCell(row.share, row.measured ? pick({ outcome: 'measured' }) : undefined), strong: true },
          cell(row.share === null ? null : `${percent(row.share_low ?? 0)} – ${percent(row.share_high ?? 1)}`),
          timeCell(row.p50_s),
          p90Cell(row),
          timeCell(row.mean_s),
          countCell(row.unreached, pick({ outcome: 'late', reached: 'no' })),
          ...reasons.map((reason) =>
            countCell(row.excluded[reason] ?? 0, pick({ outcome: 'excluded', reason: reason as NonNullable<Asked['pick']['reason']> })),
          ),
          cell(fewText(row.measured)),
        ],
      };
    }),
  };
}

export function shareBars(report: Report, group: Group, asked: Asked): Drawing {
  const rows = judged(report);
  const upright = UPRIGHT.includes(group);
  const title = t('figures_by', { group: named('group', group).toLocaleLowerCase() });
  return {
    title,
    summary: summaryOf(title, group, rows),
    of: ofText(asked),
    file: fileOf(group, asked),
    height_rem: upright ? 19 : Math.max(7, 2.1 * rows.length + 4),
    along: upright ? 'x' : 'y',
    marks: rows.map((row) => ({ lines: linesOf(group, row), opens: behind(asked, group, row) })),
    option: (look) => option(rows, group, upright, look),
    table: tableOf(group, rows, asked),
  };
}

function summaryOf(title: string, group: string, rows: readonly Row[]): string {
  const known = rows.filter((row) => row.share !== null && row.measured >= FEW);
  const sorted = [...known].sort((a, b) => (a.share ?? 0) - (b.share ?? 0));
  const [worst, best] = [sorted[0], sorted.at(-1)];
  if (!worst || !best) return title;
  const told = { worst: groupName(group, worst.group), low: percent(worst.share ?? 0), best: groupName(group, best.group), high: percent(best.share ?? 0) };
  const below = rows.filter(isBelow).length;
  return `${title}${t('figures_by_summary', told)}${below ? t('figures_by_below', { below }) : ''}`;
}

function option(rows: readonly Row[], group: string, upright: boolean, look: Look) {
  const target = onlyTarget(rows);
  const names = {
    type: 'category',
    data: rows.map((row) => groupName(group, row.group)),
    inverse: !upright,
    ...axisLook(look),
    splitLine: { show: false },
    axisLabel: { ...axisLook(look).axisLabel, color: look.text, width: upright ? undefined : 140, overflow: 'truncate' },
  };
  const shares = { type: 'value', min: 0, max: 1, ...axisLook(look), axisLabel: { ...axisLook(look).axisLabel, formatter: (value: number) => `${Math.round(value * 100)} %` } };
  const line = target === null ? [] : [lineAt(look, upright ? 'yAxis' : 'xAxis', target, t('figures_target_line', { target: percent(target) }), look.amber, upright ? 'insideEndTop' : 'start')];
  const figures = !upright && rows.length <= WITH_FIGURES;
  return {
    ...base(look, { right: figures ? 130 : 24, top: 28 }),
    xAxis: upright ? names : shares,
    yAxis: upright ? shares : names,
    series: [
      {
        type: 'bar',
        barMaxWidth: 26,
        barCategoryGap: '30%',
        data: rows.map((row) => ({ value: row.share ?? 0, itemStyle: styleOf(row, look) })),
        emphasis: { itemStyle: { borderColor: look.text, borderWidth: 2 } },
        markLine: { silent: true, symbol: 'none', data: line },
      },
      ...(upright && target === null ? targetSteps(rows, look) : []),
      // Figures stand at the right edge, clear of the whiskers.
      ...(figures
        ? [
            {
              type: 'scatter',
              silent: true,
              symbolSize: 0,
              data: rows.map((_, place) => [1, place]),
              label: {
                show: true,
                position: 'right',
                distance: 8,
                color: look.text,
                fontSize: look.size,
                formatter: ({ dataIndex }: { dataIndex: number }) => figureOf(rows[dataIndex]),
              },
            },
          ]
        : []),
      whiskers(
        look,
        rows.flatMap(({ share_low, share_high }, place) => (share_low === null || share_high === null ? [] : [[place, share_low, share_high] as const])),
        upright,
      ),
    ],
  };
}

function figureOf(row: Row | undefined): string {
  if (!row) return '';
  const sign = isBelow(row) ? ' ▼' : '';
  return `${row.share === null ? '–' : percent(row.share)}${sign}  n ${whole(row.measured)}`;
}

function styleOf(row: Row, look: Look) {
  const color = isBelow(row) ? look.red : look.accent;
  return row.measured < FEW ? { color, decal: hatched(look) } : { color };
}
