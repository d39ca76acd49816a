// Which rulings a case can have, and the instant of a time that a supervisor writes. Pure.
import { clockTime } from '../time/format';
import type { NewReview, ReviewCase } from './requests';

export const RULED_OUT = ['officer_initiated', 'scheduled', 'test', 'duplicate'] as const;
const DAY_MS = 86_400_000;

/** What can be said of this unit's arrival and of the incident: no word of a witness that said none. */
export function rulingsFor(given: ReviewCase, unit: ReviewCase['units'][number] | undefined): NewReview['ruling'][] {
  const excluded = given.reviewed.outcome === 'excluded';
  const ruled = given.reviews.some(({ counts, ruling }) => counts && ruling === 'excluded');
  const ownRulings: NewReview['ruling'][] = unit
    ? ['stands', ...(unit.gps_at ? (['gps'] as const) : []), ...(unit.button_at ? (['button'] as const) : []), 'corrected', 'not_reached']
    : given.units.length
      ? []
      : // Nobody was sent: somebody may have been there all the same.
        ['stands', 'corrected'];
  const fixed = given.state === 'cancelled' || given.state === 'merged';
  return [...ownRulings, ...(fixed ? [] : excluded ? (['counted'] as const) : (['excluded'] as const)), ...(ruled && fixed ? (['counted'] as const) : [])];
}

const EVENING = 18;
const MORNING = 6;

/** The instant of a time on the day of the call (both Asia/Taipei); a small hour after an evening call is the next day's. */
export function instantOf(day: string, time: string, received_at: string): string | null {
  const full = /^\d\d:\d\d$/.test(time) ? `${time}:00` : time;
  const at_ms = Date.parse(`${day}T${full}+08:00`);
  if (Number.isNaN(at_ms)) return null;
  const called = Number(clockTime(received_at, 'en').slice(0, 2));
  const nextDay = called >= EVENING && Number(full.slice(0, 2)) < MORNING;
  return new Date(nextDay ? at_ms + DAY_MS : at_ms).toISOString();
}
