// Hour by weekday: the share in time or the 90th percentile of each hour of the week; hatched where calls are few.
import { named, t } from '../../text/language.svelte';
import { minutesBegun, percent, span, wholePercent } from '../../time/format';
import { type Asked, type Measure } from '../asked';
import { fileOf, ofText } from '../asked_words';
import type { Report, Row } from '../requests';
import { cell, NONE, type Table } from '../table';
import { judged } from '../verdict';
import { groupName, hourName, p90Text } from '../words';
import { axisLook, base, type Drawing, type Mark } from './drawing';
import { BEYOND } from './hexagons';
import { FEW, hatched, type Look } from './look';
import { behind, fewText, linesOf } from './share_bars';

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const DAYS = [1, 2, 3, 4, 5, 6, 7];
const two = (value: number) => String(value).padStart(2, '0');
const keyOf = (day: number, hour: number) => `${day}-${two(hour)}`;
/** From where on a 90th percentile is as hot as can be, and where it is cool: twice and half the target. */
const RANGE_S = [300, 1200] as const;

export function heatMap(report: Report, measure: Measure, asked: Asked): Drawing {
  const found = new Map(judged(report).map((row) => [row.group, row]));
  const places = DAYS.flatMap((day, up) => HOURS.map((hour) => ({ day, hour, up, row: found.get(keyOf(day, hour)) })));
  const marks = places.map(
    ({ day, hour, row }): Mark => ({
      lines: row
        ? linesOf('weekday_hour', row)
        : [`${named('weekday', String(day))} ${hourName(hour)}`, t('no_figures')],
      opens: row ? behind(asked, 'weekday_hour', row) : null,
    }),
  );
  const few = places.filter(({ row }) => row && row.measured > 0 && row.measured < FEW).length;
  const title = t(measure === 'share' ? 'figures_heat_share' : 'figures_heat_p90');
  return {
    title,
    summary: `${title}${t('figures_heat_summary', { few, least: FEW })}${endsText(report.items, measure)}`,
    note: t(`figures_heat_${measure}_note`),
    of: ofText(asked),
    file: fileOf(`weekday-hour-${measure}`, asked),
    height_rem: 20,
    along: 'each',
    columns: 24,
    marks,
    option: (look) => option(places, measure, look),
    records: recordsOf(places),
    table: {
      heads: [t('group_weekday'), ...HOURS.map(hourName)],
      rows: DAYS.map((day) => ({
        key: String(day),
        head: { value: named('weekday', String(day)), shown: named('weekday', String(day)) },
        cells: HOURS.map((hour) => {
          const row = found.get(keyOf(day, hour));
          return row ? { value: valueOf(row, measure), shown: textOf(row, measure), opens: behind(asked, 'weekday_hour', row) } : cell(null);
        }),
      })),
    },
  };
}

/** As far as the measure goes; a p90 that falls on incidents that nobody reached has no number. */
const valueOf = ({ share, p90_s }: Row, measure: Measure) => (measure === 'share' ? share : p90_s);
/** How hot it is: a p90 above any time is as hot as can be; only where nothing was measured there is nothing. */
const heatOf = (row: Row, measure: Measure) => (row.measured ? (valueOf(row, measure) ?? RANGE_S[1]) : null);
const figureText = (row: Row, measure: Measure) => (measure === 'share' ? percent(row.share ?? 0) : p90Text(row));

/** In the table: with n, and a word where that is small. */
function textOf(row: Row, measure: Measure): string {
  const { measured } = row;
  if (!measured) return NONE;
  return `${figureText(row, measure)} (${measured})${measured < FEW ? ` ${t('figures_few_short')}` : ''}`;
}

/** On the map: whole percents that are reached, minutes that have begun, so that none reads better than it is. */
function labelOf(row: Row, measure: Measure): string {
  if (!row.measured) return '';
  if (measure === 'share') return String(wholePercent(row.share ?? 0));
  return row.p90_s === null ? BEYOND : String(minutesBegun(row.p90_s));
}

/** The worst hour and the best, of those with enough calls. */
function endsText(rows: readonly Row[], measure: Measure): string {
  const badness = (row: Row) => (measure === 'share' ? -(row.share ?? 0) : (row.p90_s ?? Number.MAX_VALUE));
  const sorted = rows.filter(({ measured }) => measured >= FEW).sort((a, b) => badness(b) - badness(a));
  const [worst, best] = [sorted[0], sorted.at(-1)];
  if (!worst || !best) return '';
  const name = ({ group }: Row) => groupName('weekday_hour', group);
  const told = { worst: name(worst), low: figureText(worst, measure), best: name(best), high: figureText(best, measure) };
  return t(measure === 'share' ? 'figures_heat_lowest' : 'figures_heat_slowest', told);
}

/** For the file: a line for each hour of the week, with n beside each share. */
function recordsOf(places: readonly Place[]): Table {
  return {
    heads: [
      t('group_weekday'),
      t('group_hour'),
      ...(['kpi_incidents', 'kpi_measured', 'kpi_within_n', 'kpi_share', 'kpi_interval_low', 'kpi_interval_high'] as const).map((key) => t(key)),
      'p50',
      'p90',
      t('kpi_unreached_short'),
      t('figures_trust'),
    ],
    seconds: ['p50', 'p90'],
    rows: places.map(({ day, hour, row }) => ({
      key: keyOf(day, hour),
      head: cell(named('weekday', String(day))),
      cells: [
        cell(hourName(hour)),
        cell(row?.incidents ?? 0),
        cell(row?.measured ?? 0),
        cell(row?.within_target ?? 0),
        ...[row?.share, row?.share_low, row?.share_high, row?.p50_s, row?.p90_s].map((value) => cell(value ?? null)),
        cell(row?.unreached ?? 0),
        cell(fewText(row?.measured ?? 0)),
      ],
    })),
  };
}

interface Place {
  day: number;
  hour: number;
  up: number;
  row: Row | undefined;
}

function option(places: readonly Place[], measure: Measure, look: Look) {
  const share = measure === 'share';
  const [min, max] = share ? [0.5, 1] : RANGE_S;
  const colours = share ? [...look.heat].reverse() : [...look.heat];
  return {
    ...base(look, { top: 8, bottom: 64, right: 8 }),
    xAxis: { type: 'category', data: HOURS.map((hour) => two(hour)), ...axisLook(look), splitLine: { show: false } },
    yAxis: { type: 'category', inverse: true, data: DAYS.map((day) => named('weekday', String(day))), ...axisLook(look), splitLine: { show: false } },
    visualMap: {
      type: 'continuous',
      dimension: 2,
      min,
      max,
      calculable: false,
      orient: 'horizontal',
      left: 'center',
      bottom: 0,
      itemWidth: 14,
      itemHeight: 180,
      inRange: { color: colours },
      text: share ? ['100 %', '≤ 50 %'] : [`≥ ${span(RANGE_S[1])}`, `≤ ${span(RANGE_S[0])}`],
      textStyle: { color: look.text, fontSize: look.size },
    },
    series: [
      {
        type: 'heatmap',
        data: places.map(({ hour, up, row }) => ({
          value: [hour, up, (row && heatOf(row, measure)) ?? '-'],
          itemStyle: {
            borderColor: look.ground,
            borderWidth: 1,
            ...(row && row.measured < FEW ? { decal: { ...hatched(look), dashArrayY: [1.5, 6] } } : {}),
          },
        })),
        label: {
          show: true,
          fontSize: look.size * 0.9,
          fontWeight: 600,
          color: look.text,
          textBorderColor: look.ground,
          textBorderWidth: 3.5,
          formatter: ({ dataIndex }: { dataIndex: number }) => {
            const row = places[dataIndex]?.row;
            return row ? labelOf(row, measure) : '';
          },
        },
        emphasis: { itemStyle: { borderColor: look.text, borderWidth: 3 } },
      },
    ],
  };
}
