// Units as marks: where, which status, which way, how old. Pure.
import type { Unit } from '../api/types';
import type { Mark } from './differences';

/** From this age on a position fades and tells its age; from the second on it says that it is out of date. */
export const STALE_S = 30;
export const OUTDATED_S = 300;
const MOVING_MPS = 0.7;

export type Freshness = 'fresh' | 'stale' | 'outdated';

/** Age of a unit's position in s at `now_ms` (server time); null where none is known. */
export function age_s(unit: Unit, now_ms: number): number | null {
  return unit.position ? Math.max(0, Math.floor((now_ms - Date.parse(unit.position.fixed_at)) / 1000)) : null;
}

export function freshness(age: number): Freshness {
  return age > OUTDATED_S ? 'outdated' : age > STALE_S ? 'stale' : 'fresh';
}

const OPACITY: Readonly<Record<Freshness, number>> = { fresh: 1, stale: 0.6, outdated: 0.4 };

/** Words for the label, in the desk's language. */
export interface Words {
  age: (seconds: number, freshness: Freshness) => string;
  offline: string;
}

/** The mark of a unit, or null where its place is not known. */
export function unitMark(unit: Unit, now_ms: number, chosen: boolean, words: Words): Mark | null {
  const { position } = unit;
  const age = age_s(unit, now_ms);
  if (!position || age === null) return null;
  const state = freshness(age);
  const moving = position.course_deg !== null && (position.speed_mps ?? 0) >= MOVING_MPS && state === 'fresh';
  const lines = [unit.name];
  if (state !== 'fresh') lines.push(words.age(age, state));
  if (!unit.connected) lines.push(words.offline);
  return {
    geometry: { type: 'Point', coordinates: [position.lon, position.lat] },
    properties: {
      icon: `unit-${unit.status}`,
      label: lines.join('\n'),
      opacity: OPACITY[state],
      moving,
      course_deg: moving ? Math.round(position.course_deg ?? 0) : 0,
      chosen,
    },
  };
}
