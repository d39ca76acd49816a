// Which hour: a day and a time of Taipei (UTC+8, no summer time), and how long.
import { isoDay } from '../time/format';
import type { Stretch } from './pages';

const MINUTE_MS = 60_000;
export const LENGTHS_MIN = [10, 30, 60, 120] as const;
/** So far back a dispatcher may look; what lies further back is a supervisor's. The server holds it. */
export const REACH_MS = 24 * 60 * MINUTE_MS;

export interface Chosen {
  /** YYYY-MM-DD */
  day: string;
  hour: number;
  minute: number;
  minutes: number;
}

/** The half hour that has just passed, at a full ten minutes. */
export function lately(now_ms: number): Chosen {
  const from_ms = Math.floor((now_ms - 30 * MINUTE_MS) / (10 * MINUTE_MS)) * 10 * MINUTE_MS;
  const minuteOfDay = Math.floor(from_ms / MINUTE_MS + 480) % 1440;
  return { day: isoDay(from_ms), hour: Math.floor(minuteOfDay / 60), minute: minuteOfDay % 60, minutes: 60 };
}

/** Null where that is no day. */
export function stretchOf({ day, hour, minute, minutes }: Chosen): Stretch | null {
  const midnight_ms = Date.parse(`${day}T00:00:00+08:00`);
  if (!Number.isFinite(midnight_ms)) return null;
  const from_ms = midnight_ms + (hour * 60 + minute) * MINUTE_MS;
  return { from_ms, to_ms: from_ms + minutes * MINUTE_MS };
}
