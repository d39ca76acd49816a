// Periods of the report: whole days as Taipei counts them (UTC+8, no summer time).
import { isoDay } from '../time/format';

export const PERIODS = ['today', 'days7', 'days30', 'month', 'own'] as const;
export type Period = (typeof PERIODS)[number];

const DAY_MS = 86_400_000;

/** First and last day, both included, as YYYY-MM-DD in Taipei. */
export interface Days {
  first: string;
  last: string;
}

export function daysOf(period: Exclude<Period, 'own'>, now_ms: number): Days {
  const last = isoDay(now_ms);
  switch (period) {
    case 'today':
      return { first: last, last };
    case 'days7':
      return { first: isoDay(now_ms - 6 * DAY_MS), last };
    case 'days30':
      return { first: isoDay(now_ms - 29 * DAY_MS), last };
    case 'month':
      return { first: `${last.slice(0, 8)}01`, last };
  }
}

/** The instants that the API takes: from the first midnight to the midnight after the last day. */
export function instants({ first, last }: Days): { from: string; to: string } | null {
  const from_ms = Date.parse(`${first}T00:00:00+08:00`);
  const to_ms = Date.parse(`${last}T00:00:00+08:00`) + DAY_MS;
  if (!(from_ms < to_ms)) return null;
  return { from: new Date(from_ms).toISOString(), to: new Date(to_ms).toISOString() };
}
