// Which rulings a case can have, and the day and instant of a time that a supervisor writes. Pure.
import { clockTime, isoDay } from '../time/format';
import type { LedgerRow, NewReview, ReviewCase } from './requests';

const RULED_OUT = ['officer_initiated', 'scheduled', 'test', 'duplicate'] as const;
const DAY_MS = 86_400_000;

/** What is open may change yet, and the units of what was merged count for the incident that it was merged into. */
export const mayBeRuledOn = (state: ReviewCase['state']) => state === 'closed' || state === 'cancelled';

/** The same of a row of the ledger. On record as a duplicate is what was merged, or what a file called so. */
export const rowMayBeRuledOn = ({ ended_at, recorded_reason, is_imported }: Pick<LedgerRow, 'ended_at' | 'recorded_reason' | 'is_imported'>) =>
  ended_at !== null && (is_imported || recorded_reason !== 'duplicate');

/** It was cancelled when it was late already, and nobody is known to have been there. */
const isCancelledLate = ({ marks, reviewed }: Pick<ReviewCase, 'marks' | 'reviewed'>) => marks.includes('cancelled_late') && reviewed.on_scene_at === null;

/** Why an incident may be left out. Ours are cancelled at the desk, and that it stands is ruled where it came late; of an imported
 *  one that nobody reached it can be said here. */
export function ruledOut(given: Pick<ReviewCase, 'is_imported' | 'marks' | 'reviewed' | 'state'>) {
  if (given.state === 'cancelled') return ['cancelled'] as const;
  return given.is_imported && given.reviewed.on_scene_at === null ? ([...RULED_OUT, 'cancelled'] as const) : RULED_OUT;
}

/** What can be said of this unit's arrival, or of somebody who was not sent, and of the incident: no word of a witness that said none. */
export function rulingsFor(given: ReviewCase, unit: ReviewCase['units'][number] | undefined): NewReview['ruling'][] {
  if (!mayBeRuledOn(given.state)) return [];
  const excluded = given.reviewed.outcome === 'excluded';
  const ruled = given.reviews.some(({ counts, ruling }) => counts && ruling === 'excluded');
  const ownRulings: NewReview['ruling'][] = unit
    ? ['stands', ...(unit.gps_at ? (['gps'] as const) : []), ...(unit.button_at ? (['button'] as const) : []), 'corrected', 'not_reached']
    : given.units.length && !given.reviews.some(({ counts, ruling, assignment_id }) => counts && ruling === 'corrected' && !assignment_id)
      ? ['corrected']
      : ['stands', 'corrected'];
  if (given.state !== 'cancelled') return [...ownRulings, excluded ? 'counted' : 'excluded'];
  const late: NewReview['ruling'][] = isCancelledLate(given) ? ['excluded', ...(excluded ? (['counted'] as const) : [])] : ruled ? ['counted'] : [];
  return [...late, ...ownRulings];
}

const EVENING = 18;
const MORNING = 6;

/** The day that a time is likely to be of (Asia/Taipei): that of the call, and of a small hour after an evening call the next. */
export function dayOf(time: string, received_at: string): string {
  const called = Number(clockTime(received_at, 'en').slice(0, 2));
  const nextDay = called >= EVENING && Number(time.slice(0, 2)) < MORNING && time !== '';
  return isoDay(Date.parse(received_at) + (nextDay ? DAY_MS : 0));
}

/** The instant of a day and a time (Asia/Taipei); null while one is not whole. */
export function instantOf(day: string, time: string): string | null {
  const at_ms = Date.parse(`${day}T${/^\d\d:\d\d$/.test(time) ? `${time}:00` : time}+08:00`);
  return Number.isNaN(at_ms) ? null : new Date(at_ms).toISOString();
}
