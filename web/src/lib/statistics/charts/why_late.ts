// Why incidents were late, the most frequent reason first, and how many the nearest free unit would have reached in time.
import { named, t } from '../../text/language.svelte';
import { filtered, ledgerOf, type Asked, type Pick } from '../asked';
import { fileOf, ofText } from '../asked_words';
import type { LateReport } from '../requests';
import { countCell, timeCell, whole } from '../words';
import { axisLook, base, type Drawing } from './drawing';
import type { Look } from './look';

type Items = LateReport['items'];
/** The ones that nobody can say of count as neither. */
const restOf = ({ n, in_time_if_nearest_free }: Items[number]) => n - in_time_if_nearest_free;
const opens = (asked: Asked, reason: string, pick: Pick = {}) => ledgerOf(filtered(asked, 'late_reason', [reason]), { outcome: 'late', ...pick });

export function whyLate({ items, late }: LateReport, asked: Asked): Drawing {
  const title = t('figures_why_late');
  const saved = items.reduce((sum, { in_time_if_nearest_free }) => sum + in_time_if_nearest_free, 0);
  const [first] = items;
  const nothing = t('figures_why_late_none');
  const told = first && t('figures_why_late_summary', { late: whole(late), saved: whole(saved), first: named('late_reason', first.reason) });
  return {
    title,
    summary: `${title}${told ?? `${t('colon')}${nothing}`}`,
    nothing,
    of: ofText(asked),
    file: fileOf('why-late', asked),
    height_rem: Math.max(7, 2.3 * items.length + 4),
    along: 'y',
    marks: items.map((item) => ({
      lines: [
        named('late_reason', item.reason),
        t('figures_late_n', { n: whole(item.n) }),
        t('figures_in_time_if', { n: whole(item.in_time_if_nearest_free), unknown: whole(item.unknown) }),
      ],
      opens: opens(asked, item.reason),
    })),
    option: (look) => option(items, look),
    table: {
      heads: [t('figures_late_reason'), t('outcome_late'), t('figures_excess'), t('figures_saved'), t('figures_not_known')],
      seconds: [t('figures_excess')],
      rows: items.map((item) => ({
        key: item.reason,
        head: { value: named('late_reason', item.reason), shown: named('late_reason', item.reason), opens: opens(asked, item.reason) },
        cells: [
          { ...countCell(item.n, opens(asked, item.reason)), strong: true },
          timeCell(item.excess_p50_s),
          countCell(item.in_time_if_nearest_free, opens(asked, item.reason, { nearest: 'in_time' })),
          countCell(item.unknown, opens(asked, item.reason, { nearest: 'not_known' })),
        ],
      })),
    },
  };
}

function option(items: Items, look: Look) {
  const label = (of: (item: Items[number]) => number) => ({
    show: true,
    position: 'insideRight',
    color: look.text,
    textBorderColor: look.panel,
    textBorderWidth: 3,
    fontSize: look.size,
    formatter: ({ dataIndex }: { dataIndex: number }) => {
      const item = items[dataIndex];
      return item && of(item) ? whole(of(item)) : '';
    },
  });
  return {
    ...base(look, { top: 34 }),
    legend: { top: 0, left: 'center', textStyle: { color: look.text, fontSize: look.size }, selectedMode: false },
    xAxis: { type: 'value', minInterval: 1, ...axisLook(look) },
    yAxis: {
      type: 'category',
      inverse: true,
      data: items.map(({ reason }) => named('late_reason', reason)),
      ...axisLook(look),
      splitLine: { show: false },
      axisLabel: { ...axisLook(look).axisLabel, color: look.text },
    },
    series: [
      {
        type: 'bar',
        name: t('figures_saved'),
        stack: 'late',
        barMaxWidth: 26,
        data: items.map(({ in_time_if_nearest_free }) => in_time_if_nearest_free),
        itemStyle: { color: look.green, decal: { symbol: 'circle', symbolSize: 0.6, color: look.ground, dashArrayX: [[8, 8]], dashArrayY: [8, 0] } },
        label: label(({ in_time_if_nearest_free }) => in_time_if_nearest_free),
      },
      {
        type: 'bar',
        name: t('figures_not_saved'),
        stack: 'late',
        barMaxWidth: 26,
        data: items.map(restOf),
        itemStyle: { color: look.red },
        label: label(restOf),
      },
    ],
  };
}
