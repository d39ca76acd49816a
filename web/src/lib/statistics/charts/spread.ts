// How long responses took, in bins, with the line of the target: what lies left of it was in time.
import { t } from '../../text/language.svelte';
import { percent, span } from '../../time/format';
import { ledgerOf, type Asked } from '../asked';
import { fileOf, ofText } from '../asked_words';
import type { Distribution } from '../requests';
import { cell } from '../table';
import { countCell, whole } from '../words';
import { axisLook, base, lineAt, type Drawing } from './drawing';
import type { Look } from './look';

export interface Bin {
  name: string;
  n: number;
  late: boolean;
  opens: Asked;
}

/** The bins of the answer, then what took longer than the last of them, then what nobody reached. */
export function binsOf({ bins, beyond, unreached, target_s }: Distribution, asked: Asked): Bin[] {
  const end_s = bins.at(-1)?.to_s ?? 0;
  const within = (from_s: number, to_s: number | null) => ({
    outcome: from_s >= target_s ? ('late' as const) : ('within' as const),
    reached: 'yes' as const,
    ...(from_s > 0 ? { over_s: String(from_s) } : {}),
    ...(to_s === null ? {} : { up_to_s: String(to_s) }),
  });
  return [
    ...bins.map(({ from_s, to_s, n }) => ({
      name: `${span(from_s)}–${span(to_s)}`,
      n,
      late: from_s >= target_s,
      opens: ledgerOf(asked, within(from_s, to_s)),
    })),
    { name: t('figures_beyond', { time: span(end_s) }), n: beyond, late: true, opens: ledgerOf(asked, within(end_s, null)) },
    { name: t('kpi_unreached_short'), n: unreached, late: true, opens: ledgerOf(asked, { outcome: 'late', reached: 'no' }) },
  ];
}

export function spread(found: Distribution, asked: Asked): Drawing {
  const bins = binsOf(found, asked);
  const within = bins.reduce((sum, { n, late }) => sum + (late ? 0 : n), 0);
  const title = t('figures_spread');
  const part = (n: number) => (found.measured ? percent(n / found.measured) : '–');
  let so_far = 0;
  return {
    title,
    summary: `${title}${t('figures_spread_summary', { within: whole(within), measured: whole(found.measured), target: span(found.target_s) })}`,
    of: ofText(asked),
    file: fileOf('distribution', asked),
    height_rem: 17,
    along: 'x',
    marks: bins.map(({ name, n, late, opens }) => ({
      lines: [name, `${whole(n)} · ${part(n)}`, t(late ? 'outcome_late' : 'outcome_within')],
      opens: n ? opens : null,
    })),
    option: (look) => option(bins, found, look),
    table: {
      heads: [t('kpi_response'), t('kpi_within_count'), t('figures_part'), t('figures_cumulated'), t('figures_outcome')],
      rows: bins.map(({ name, n, late, opens }) => {
        so_far += n;
        const parts = [n, so_far].map((count) => cell(found.measured ? count / found.measured : null, percent));
        return {
          key: name,
          head: { value: name, shown: name },
          cells: [countCell(n, opens), ...parts, cell(t(late ? 'outcome_late' : 'outcome_within'))],
        };
      }),
    },
  };
}

function option(bins: readonly Bin[], { target_s, bin_s }: Distribution, look: Look) {
  // The line stands between the bin that ends with the target and the next one.
  const line = lineAt(look, 'xAxis', target_s / bin_s - 0.5, t('figures_ten_minutes', { target: span(target_s) }));
  return {
    ...base(look, { top: 34 }),
    // One axis has the names, another the line, which stands between two of them.
    xAxis: [
      { type: 'category', data: bins.map(({ name }) => name.split('–')[0]), ...axisLook(look), splitLine: { show: false } },
      { type: 'value', min: -0.5, max: bins.length - 0.5, show: false },
    ],
    yAxis: { type: 'value', minInterval: 1, ...axisLook(look), name: t('kpi_within_count') },
    series: [
      {
        type: 'bar',
        barCategoryGap: '8%',
        data: bins.map(({ n, late }) => ({
          value: n,
          itemStyle: late
            ? { color: look.red, decal: { symbol: 'rect', color: look.ground, dashArrayX: [1, 0], dashArrayY: [1, 5], rotation: Math.PI / 4 } }
            : { color: look.accent },
        })),
        emphasis: { itemStyle: { borderColor: look.text, borderWidth: 2 } },
      },
      { type: 'line', xAxisIndex: 1, data: [], silent: true, markLine: { silent: true, symbol: 'none', data: [line] } },
    ],
  };
}
