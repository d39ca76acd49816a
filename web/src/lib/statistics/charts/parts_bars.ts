// Where the time goes in each group: the parts of a response as pieces of one bar. Means, because only they add up.
import { named, t } from '../../text/language.svelte';
import { duration } from '../../time/format';
import { ledgerOf, narrowed, PARTS, type Asked, type Group } from '../asked';
import { fileOf, ofText } from '../asked_words';
import type { PartsGroups } from '../requests';
import type { Table } from '../table';
import { countCell, groupName, timeCell, whole } from '../words';
import { axisLook, base, type Drawing } from './drawing';
import { FEW, type Look } from './look';

type Groups = PartsGroups['items'];
type PartName = (typeof PARTS)[number];
/** How many the least known of its parts is known of. */
const knownOf = (group: Groups[number]) => Math.min(...PARTS.map((part) => group[part].n));

export function partsBars({ items }: PartsGroups, group: Group, asked: Asked): Drawing {
  const title = t('figures_parts_by', { group: named('group', group).toLocaleLowerCase() });
  return {
    title,
    summary: `${title}${slowest(items, group)}`,
    nothing: t('figures_parts_none'),
    note: t('figures_parts_note'),
    of: ofText(asked),
    file: fileOf(`parts-${group}`, asked),
    height_rem: Math.max(8, 2.1 * items.length + 5),
    along: 'y',
    marks: items.map((one) => ({
      lines: [
        groupName(group, one.group),
        ...PARTS.map((part) => `${t(`part_${part}`)} ${one[part].mean_s === null ? '–' : duration(one[part].mean_s)} (p90 ${one[part].p90_s === null ? '–' : duration(one[part].p90_s)}) n ${whole(one[part].n)}`),
        ...(knownOf(one) < FEW ? [t('figures_few', { few: FEW })] : []),
      ],
      opens: ledgerOf(narrowed(asked, group, one.group), { reached: 'yes' }),
    })),
    option: (look) => option(items, group, look),
    table: tableOf(items, group, asked),
  };
}

/** Which group each part takes longest in, of those with more than a few calls. */
function slowest(items: Groups, group: Group): string {
  const told = PARTS.flatMap((part) => {
    const known = items.filter((one) => one[part].n >= FEW && one[part].mean_s !== null);
    const worst = known.sort((a, b) => (b[part].mean_s ?? 0) - (a[part].mean_s ?? 0))[0];
    return worst ? [t('figures_parts_slowest', { part: t(`part_${part}`), group: groupName(group, worst.group), mean: duration(worst[part].mean_s ?? 0) })] : [];
  });
  return told.length ? `${t('colon')}${told.join(t('comma'))}` : '';
}

function tableOf(items: Groups, group: Group, asked: Asked): Table {
  const heads = (part: PartName) => ['p50', 'p90', t('kpi_mean'), 'n'].map((figure) => `${t(`part_${part}`)} ${figure}`);
  return {
    heads: [named('group', group), ...PARTS.flatMap(heads)],
    seconds: PARTS.flatMap((part) => heads(part).slice(0, 3)),
    rows: items.map((one) => {
      const own = narrowed(asked, group, one.group);
      return {
        key: one.group,
        // Files have one calendar, whatever the language.
        head: { value: group === 'month' ? one.group : groupName(group, one.group), shown: groupName(group, one.group), opens: ledgerOf(own, { reached: 'yes' }) },
        cells: PARTS.flatMap((part) => [
          timeCell(one[part].p50_s),
          timeCell(one[part].p90_s),
          { ...timeCell(one[part].mean_s), strong: true },
          countCell(one[part].n, ledgerOf(own, { part })),
        ]),
      };
    }),
  };
}

function option(items: Groups, group: Group, look: Look) {
  // Told apart without colour as well.
  const styles = {
    handling: { color: look.grey },
    dispatch: { color: look.amber, decal: { symbol: 'rect', symbolSize: 1, color: look.ground, dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 4 } },
    turnout: { color: look.violet, decal: { symbol: 'circle', symbolSize: 0.6, color: look.ground, dashArrayX: [[8, 8]], dashArrayY: [8, 0] } },
    travel: { color: look.accent },
  } as const;
  return {
    ...base(look, { top: 34 }),
    legend: { top: 0, left: 'center', textStyle: { color: look.text, fontSize: look.size }, selectedMode: false },
    xAxis: { type: 'value', ...axisLook(look), axisLabel: { ...axisLook(look).axisLabel, formatter: (seconds: number) => duration(seconds) } },
    yAxis: {
      type: 'category',
      inverse: true,
      data: items.map((one) => groupName(group, one.group)),
      ...axisLook(look),
      splitLine: { show: false },
      axisLabel: { ...axisLook(look).axisLabel, color: look.text, width: 140, overflow: 'truncate' },
    },
    series: PARTS.map((part) => ({
      type: 'bar',
      name: t(`part_${part}`),
      stack: 'parts',
      barMaxWidth: 26,
      data: items.map((one) => one[part].mean_s ?? 0),
      itemStyle: styles[part],
      emphasis: { itemStyle: { borderColor: look.text, borderWidth: 2 } },
    })),
  };
}
