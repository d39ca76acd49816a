// How much longer, or shorter, the way took than the ETA said: the median of each group.
import { named, t } from '../../text/language.svelte';
import { duration, span } from '../../time/format';
import type { Asked } from '../asked';
import { etasFileOf, etasOfText } from '../asked_words';
import type { EtaReport } from '../requests';
import { cell, type Table } from '../table';
import { countCell, groupName, timeCell, whole } from '../words';
import { axisLook, base, type Drawing } from './drawing';
import { FEW, hatched, type Look } from './look';
import { fewText } from './share_bars';

export const signed = (seconds: number) => `${seconds < 0 ? '−' : '+'}${span(Math.abs(seconds))}`;
const ratio = (value: number | null) => cell(value, (one: number) => `× ${one.toFixed(2)}`);

export function nameOf(group: string, key: string): string {
  if (key === 'unknown') return t('group_none');
  if (key === 'straight') return t('eta_straight_line');
  if (group === 'version') return key === '0' ? t('eta_priors') : t('eta_version_n', { version: key });
  return group === 'street_class' ? named('street_class', key) : groupName(group, key);
}

/** The journeys that a figure counts. */
export const behindEta = (asked: Asked, group: string, key: string, of: 'n' | 'from_order_n'): Asked => ({ ...asked, tab: 'etas', pick: { eta: `${of}.${group}.${key}` } });

export function etaBars(report: EtaReport, asked: Asked): Drawing {
  const group = report.group_by ?? 'hour';
  const upright = group === 'hour';
  const title = t('eta_by', { group: named('group', group).toLocaleLowerCase() });
  const { items } = report;
  const table: Table = {
    heads: [
      named('group', group),
      'n',
      t('eta_bias'),
      t('eta_off'),
      ...['p10', 'p50', 'p90'].map((rank) => t('eta_ratio', { rank })),
      t('part_turnout'),
      t('eta_from_order_n'),
      t('eta_from_order'),
      t('figures_trust'),
    ],
    seconds: [t('eta_bias'), t('eta_off'), t('part_turnout'), t('eta_from_order')],
    rows: items.map((one) => ({
      key: one.group,
      head: { value: nameOf(group, one.group), shown: nameOf(group, one.group) },
      cells: [
        countCell(one.n, behindEta(asked, group, one.group, 'n')),
        cell(one.bias_s, signed),
        timeCell(one.mae_s),
        ratio(one.ratio_p10),
        ratio(one.ratio_p50),
        ratio(one.ratio_p90),
        timeCell(one.turnout_p50_s),
        countCell(one.from_order_n, behindEta(asked, group, one.group, 'from_order_n')),
        cell(one.from_order_bias_s, signed),
        cell(fewText(one.n)),
      ],
    })),
  };
  return {
    title,
    summary: `${title}${summaryOf(items, group)}`,
    nothing: t('eta_none'),
    of: etasOfText(asked),
    file: etasFileOf(`etas-${group}`, asked),
    height_rem: upright ? 17 : Math.max(7, 2.2 * items.length + 4),
    along: upright ? 'x' : 'y',
    marks: items.map((one) => ({
      lines: [
        nameOf(group, one.group),
        `${t('eta_bias')} ${one.bias_s === null ? '–' : signed(one.bias_s)} · n ${whole(one.n)}`,
        ...(one.mae_s === null ? [] : [`${t('eta_off')} ${duration(one.mae_s)}`]),
        `${t('eta_from_order')} ${signed(one.from_order_bias_s)} · n ${whole(one.from_order_n)}`,
        ...(one.n < FEW ? [fewText(one.n)] : []),
      ],
      opens: one.n ? behindEta(asked, group, one.group, 'n') : null,
    })),
    option: (look) => option(items, group, upright, look),
    table,
  };
}

/** Where it took longest beside what was said, and where least, of groups with enough journeys. */
function summaryOf(items: EtaReport['items'], group: string): string {
  const known = items.flatMap(({ group: key, n, bias_s }) => (bias_s === null || n < FEW ? [] : [{ name: nameOf(group, key), bias_s }]));
  known.sort((a, b) => b.bias_s - a.bias_s);
  const [most, least] = [known[0], known.at(-1)];
  if (!most || !least) return `${t('colon')}${items.some(({ n }) => n > 0) ? fewText(0) : t('eta_none')}`;
  return t('eta_by_summary', { most: most.name, high: signed(most.bias_s), least: least.name, low: signed(least.bias_s) });
}

function option(items: EtaReport['items'], group: string, upright: boolean, look: Look) {
  const names = {
    type: 'category',
    inverse: !upright,
    data: items.map((one) => nameOf(group, one.group)),
    ...axisLook(look),
    splitLine: { show: false },
    axisLine: { onZero: false, lineStyle: { color: look.line } },
  };
  const seconds = { type: 'value', ...axisLook(look), axisLabel: { ...axisLook(look).axisLabel, formatter: signed } };
  return {
    ...base(look),
    xAxis: upright ? names : seconds,
    yAxis: upright ? seconds : names,
    series: [
      {
        type: 'bar',
        barMaxWidth: 26,
        data: items.map(({ bias_s, n }) => ({
          value: bias_s ?? '-',
          itemStyle: { color: (bias_s ?? 0) > 0 ? look.amber : look.accent, ...(n < FEW ? { decal: hatched(look) } : {}) },
        })),
        emphasis: { itemStyle: { borderColor: look.text, borderWidth: 2 } },
      },
    ],
  };
}
