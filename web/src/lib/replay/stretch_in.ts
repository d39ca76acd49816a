// The stretch that an address of the replay names: #/replay/2026-11-20T08:20:00.000Z/40 is forty minutes from then. Pure.
import type { Stretch } from './pages';

const MINUTE_MS = 60_000;
const LONGEST_MIN = 120;

export const stretchAddress = (from_ms: number, minutes: number) => `${new Date(from_ms).toISOString()}/${minutes}`;

/** Null where it names none. */
export function stretchIn(argument: string): Stretch | null {
  const [from = '', minutes = ''] = argument.split('/');
  const from_ms = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(from) ? Date.parse(from) : NaN;
  const length = /^\d{1,3}$/.test(minutes) ? Number(minutes) : 0;
  if (Number.isNaN(from_ms) || length < 1 || length > LONGEST_MIN) return null;
  return { from_ms, to_ms: from_ms + length * MINUTE_MS };
}
