// What is wrong with a question, said beside the field before it is sent. The server checks all of it again.
import type { TextKey } from '../text/texts';
import { readPlace } from '../time/format';
import { dayCount, unitCount, type Draft, type DraftVariant } from './draft';
import type { Base } from './types';

export interface Wrong {
  key: TextKey;
  values?: Record<string, string | number>;
}
/** By field: `name`, `period` …; a variant's are `KEY.name`, `KEY.units`, `KEY.place` …. */
export type Wrongs = Map<string, Wrong>;

const LONGEST_PERIOD_DAYS = 366;
const MOST_SEED = 2 ** 31 - 1;
const isWhole = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most;

export function wrongsOf(draft: Draft, limits: Base['limits']): Wrongs {
  const found: Wrongs = new Map();
  if (!draft.name.trim()) found.set('name', { key: 'what_if_wrong_empty' });
  const replayed = draft.source === 'past' && draft.mode === 'replay';
  if (draft.source === 'past') {
    const days = dayCount(draft.first, draft.last);
    const most = replayed ? limits.days : LONGEST_PERIOD_DAYS;
    if (!(days >= 1 && days <= most)) found.set('period', { key: 'what_if_wrong_range', values: { least: 1, most } });
  } else if (!(draft.calls_per_day >= 1 && draft.calls_per_day <= 5000)) {
    found.set('calls_per_day', { key: 'what_if_wrong_range', values: { least: 1, most: 5000 } });
  }
  if (!replayed && !isWhole(draft.days, 1, limits.days)) {
    found.set('days', { key: 'what_if_wrong_range', values: { least: 1, most: limits.days } });
  }
  if (!isWhole(draft.replications, 2, limits.replications)) {
    found.set('replications', { key: 'what_if_wrong_range', values: { least: 2, most: limits.replications } });
  }
  if (draft.seed.trim() && !isWhole(Number(draft.seed), 0, MOST_SEED)) {
    found.set('seed', { key: 'what_if_wrong_range', values: { least: 0, most: MOST_SEED } });
  }
  for (const variant of draft.variants) inVariant(draft, variant, limits, replayed, found);
  return found;
}

function inVariant(
  draft: Draft, variant: DraftVariant, limits: Base['limits'], replayed: boolean, found: Wrongs,
): void {
  const say = (field: string, wrong: Wrong) => found.set(`${variant.key}.${field}`, wrong);
  const name = variant.name.trim();
  if (!name) say('name', { key: 'what_if_wrong_empty' });
  else if (draft.variants.some((other) => other !== variant && other.name.trim() === name)) {
    say('name', { key: 'what_if_wrong_twice' });
  }
  if (!(variant.demand_pct >= -90 && variant.demand_pct <= 400)) {
    say('demand', { key: 'what_if_wrong_range', values: { least: -90, most: 400 } });
  }
  if (replayed && (variant.demand_pct > 0 || variant.preset !== 'none')) {
    say('demand', { key: 'what_if_wrong_replay' });
  }
  const { cars, motorcycles } = unitCount(variant);
  const counts = variant.rows.flatMap((row) => row.counts);
  const whole = counts.every(
    (count) => isWhole(count.cars, 0, limits.units) && isWhole(count.motorcycles, 0, limits.units),
  );
  if (!whole || !isWhole(cars + motorcycles, 1, limits.units)) {
    say('units', { key: 'what_if_wrong_units', values: { most: limits.units } });
  }
  const leading = variant.rows.filter(({ leads }) => leads);
  const names = leading.map(({ station }) => station.trim());
  if (names.includes('') || new Set(names).size < names.length || names.length > limits.stations) {
    say('stations', { key: 'what_if_wrong_stations', values: { most: limits.stations } });
  }
  if (leading.some(({ place }) => readPlace(place) === null)) say('places', { key: 'what_if_wrong_places' });
}
