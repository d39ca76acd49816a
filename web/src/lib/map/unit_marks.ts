// Units as marks: where, which status and type, which way, how old, how long to go. Pure.
import type { Unit, UnitStatus } from '../api/types';
import { span } from '../time/format';
import type { Mark, Marks } from './differences';

/** From this age on a position fades and tells its age; from the second on it is hatched and says that it is outdated. */
export const STALE_S = 30;
export const OUTDATED_S = 300;
const MOVING_MPS = 0.7;

export type Freshness = 'fresh' | 'stale' | 'outdated';

/** Of each position that was asked for: hundreds are asked several times a second, and to read a time is slow. */
const fixed_ms = new WeakMap<NonNullable<Unit['position']>, number>();

function fixedAt(position: NonNullable<Unit['position']>): number {
  let at = fixed_ms.get(position);
  if (at === undefined) fixed_ms.set(position, (at = Date.parse(position.fixed_at)));
  return at;
}

/** Age of a unit's position in s at `now_ms` (server time); null where none is known. */
export function age_s({ position }: Unit, now_ms: number): number | null {
  return position ? Math.max(0, Math.floor((now_ms - fixedAt(position)) / 1000)) : null;
}

export function freshness(age: number): Freshness {
  return age > OUTDATED_S ? 'outdated' : age > STALE_S ? 'stale' : 'fresh';
}

// The hatching needs some strength to be seen.
const OPACITY: Readonly<Record<Freshness, number>> = { fresh: 1, stale: 0.6, outdated: 0.7 };

const IDLE: ReadonlySet<UnitStatus> = new Set<UnitStatus>(['AVAILABLE', 'OUT_OF_SERVICE']);

/** Words for the label, in the desk's language. */
export interface Words {
  age: (seconds: number) => string;
  offline: string;
}

/** How it is looked at. Times in ms since 1970. */
export interface Look {
  now_ms: number;
  chosen: boolean;
  arrives_ms: number | null;
}

/** The name of a unit's picture (unit_images.ts). */
export function unitIcon({ vehicle_type, status }: Pick<Unit, 'vehicle_type' | 'status'>, state: Freshness): string {
  return `unit-${vehicle_type ?? 'other'}-${status}${state === 'outdated' ? '-outdated' : ''}`;
}

/** The mark of a unit, or null where its place is not known. */
export function unitMark(unit: Unit, { now_ms, chosen, arrives_ms }: Look, words: Words): Mark | null {
  const { position } = unit;
  const age = age_s(unit, now_ms);
  if (!position || age === null) return null;
  const state = freshness(age);
  const moving = position.course_deg !== null && (position.speed_mps ?? 0) >= MOVING_MPS && state === 'fresh';
  const lines = [arrives_ms === null ? unit.name : `${unit.name} → ${span((arrives_ms - now_ms) / 1000)}`];
  if (state !== 'fresh') lines.push(words.age(age));
  if (!unit.connected) lines.push(words.offline);
  return {
    geometry: { type: 'Point', coordinates: [position.lon, position.lat] },
    properties: {
      icon: unitIcon(unit, state),
      label: lines.join('\n'),
      opacity: OPACITY[state],
      moving,
      course_deg: moving ? Math.round(position.course_deg ?? 0) : 0,
      chosen,
      matters: chosen || state !== 'fresh' || !unit.connected || !IDLE.has(unit.status),
    },
  };
}

interface Drawn {
  unit: Unit;
  chosen: boolean;
  words: Words;
  mark: Mark;
}

/** The marks of all units; one that has not moved and is fresh keeps its mark, for most of hundreds that is so. */
export class UnitMarks {
  private drawn = new Map<string, Drawn>();

  of(units: Iterable<Unit>, now_ms: number, chosen: string | null, arrives_ms: (id: string) => number | null, words: Words): Marks {
    const marks = new Map<string, Mark>();
    const drawn = new Map<string, Drawn>();
    for (const unit of units) {
      const look = { now_ms, chosen: unit.id === chosen, arrives_ms: arrives_ms(unit.id) };
      const still = look.arrives_ms === null && freshness(age_s(unit, now_ms) ?? 0) === 'fresh';
      const before = this.drawn.get(unit.id);
      const same = still && before?.unit === unit && before.chosen === look.chosen && before.words === words;
      const mark = same ? before.mark : unitMark(unit, look, words);
      if (!mark) continue;
      marks.set(unit.id, mark);
      if (still) drawn.set(unit.id, same ? before : { unit, chosen: look.chosen, words, mark });
    }
    this.drawn = drawn;
    return marks;
  }
}
