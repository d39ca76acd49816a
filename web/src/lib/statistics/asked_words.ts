// What figures are of, in words for paper and pictures, and in the names of files: period, clock, whose figures, filters.
import { Refusal } from '../api/problem';
import { failureText } from '../text/failure';
import { named, t } from '../text/language.svelte';
import { span } from '../time/format';
import { FILTER_NAMES, type Asked, type Filter } from './asked';
import { groupName } from './words';

export const filterValue = (name: Filter, value: string) => groupName(name, name === 'hour' ? value.padStart(2, '0') : value);

const told = (what: string, value: string) => `${what}${t('colon')}${value}`;

export const daysText = ({ days }: Asked) => `${days.first} – ${days.last}`;

/** Each filter, or that there is none. */
export function filtersOf(asked: Asked): string[] {
  const chosen = FILTER_NAMES.flatMap((name) => {
    const values = asked.filters[name] ?? [];
    return values.length ? [told(named('group', name), values.map((value) => filterValue(name, value)).join(t('comma')))] : [];
  });
  return chosen.length ? chosen : [t('figures_unfiltered')];
}

/** Clock, whose figures, and the filters. */
export const questionText = (asked: Asked) =>
  [told(t('clock_from'), t(`clock_from_${asked.clock}`)), told(t('figures_figures'), t(`figures_${asked.figures}`)), ...filtersOf(asked)].join(' · ');

/** All of it in one line. */
export const ofText = (asked: Asked) => `${daysText(asked)} · ${questionText(asked)}`;

/** The same of ETAs, which neither clock nor review changes. */
export const etasOfText = (asked: Asked) => [daysText(asked), ...filtersOf(asked)].join(' · ');

/** Which rows of the ledger; empty: all. */
export function pickText({ pick }: Asked): string {
  return [
    ...(pick.outcome ? [told(t('figures_outcome'), t(`outcome_${pick.outcome}`))] : []),
    ...(pick.reason ? [told(t('figures_reason'), named('excluded', pick.reason))] : []),
    ...(pick.mark ? [told(t('figures_mark'), named('mark', pick.mark))] : []),
    ...finePick(pick),
  ].join(' · ');
}

/** The rows behind a bin or a part, which no field of the ledger's form can say. */
export function finePick({ reached, changed, over_s, up_to_s, part, nearest }: Asked['pick']): string[] {
  const bounds = [...(over_s ? [`> ${span(Number(over_s))}`] : []), ...(up_to_s ? [`≤ ${span(Number(up_to_s))}`] : [])].join(' ');
  return [
    ...(reached === 'no' ? [t('kpi_unreached_short')] : reached || bounds ? [`${t('kpi_response')} ${bounds}`.trim()] : []),
    ...(changed ? [t(`figures_changed_${changed}`)] : []),
    ...(part ? [t('figures_part_known', { part: t(`part_${part}`) })] : []),
    ...(nearest ? [t(`nearest_${nearest}`)] : []),
  ];
}

/** Why figures were refused; of a filter, which one: a station of an old link may be gone. */
export function figuresFailure(error: unknown): string {
  const filter = error instanceof Refusal && FILTER_NAMES.find((name) => error.members.some(({ member }) => member === name));
  return filter ? t('failure_filter', { filter: named('group', filter) }) : failureText(error);
}

/** Without ending. It names both days, the last one included. */
export const fileOf = (what: string, { days, clock, figures, filters }: Pick<Asked, 'days' | 'clock' | 'figures' | 'filters'>) =>
  fileOfDays(what, `-${clock}-${figures}`, days, filters);
export const etasFileOf = (what: string, { days, filters }: Pick<Asked, 'days' | 'filters'>) => fileOfDays(what, '', days, filters);

const fileOfDays = (what: string, of: string, { first, last }: Asked['days'], filters: Asked['filters']) =>
  `${what}-${first}-${last}${of}${Object.keys(filters).length ? '-filtered' : ''}`;
