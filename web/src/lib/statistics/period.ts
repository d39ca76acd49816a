// Periods of the figures: whole days as Taipei counts them (UTC+8, no summer time).
import { isoDay } from '../time/format';

export const PERIODS = ['today', 'days7', 'days30', 'month', 'last_month', 'year', 'last_year', 'own'] as const;
export type Period = (typeof PERIODS)[number];

const DAY_MS = 86_400_000;
const MONTHS = 12;

/** First and last day, both included, as YYYY-MM-DD in Taipei. */
export interface Days {
  readonly first: string;
  readonly last: string;
}

/** The days of a month, YYYY-MM. */
export function daysOfMonth(month: string): Days {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return { first: `${month}-01`, last: `${month}-${String(last).padStart(2, '0')}` };
}

/** YYYY-MM, so many months before that of a day. */
export function monthBefore(day: string, months = 1): string {
  const number = Number(day.slice(0, 4)) * MONTHS + Number(day.slice(5, 7)) - 1 - months;
  return `${Math.floor(number / MONTHS)}-${String((number % MONTHS) + 1).padStart(2, '0')}`;
}

export function daysOf(period: Exclude<Period, 'own'>, now_ms: number): Days {
  const last = isoDay(now_ms);
  const year = Number(last.slice(0, 4));
  switch (period) {
    case 'today':
      return { first: last, last };
    case 'days7':
      return { first: isoDay(now_ms - 6 * DAY_MS), last };
    case 'days30':
      return { first: isoDay(now_ms - 29 * DAY_MS), last };
    case 'month':
      return { first: `${last.slice(0, 8)}01`, last };
    case 'last_month':
      return daysOfMonth(monthBefore(last));
    case 'year':
      return { first: `${year}-01-01`, last };
    case 'last_year':
      return { first: `${year - 1}-01-01`, last: `${year - 1}-12-31` };
  }
}

/** What these days are called today; `own` where they are no such period. */
export function periodOf(days: Days, now_ms: number): Period {
  const found = PERIODS.find((period) => {
    if (period === 'own') return false;
    const meant = daysOf(period, now_ms);
    return meant.first === days.first && meant.last === days.last;
  });
  return found ?? 'own';
}

/** The instants that the API takes: from the first midnight to the midnight after the last day. */
export function instants({ first, last }: Days): { from: string; to: string } | null {
  const from_ms = Date.parse(`${first}T00:00:00+08:00`);
  const to_ms = Date.parse(`${last}T00:00:00+08:00`) + DAY_MS;
  if (!(from_ms < to_ms)) return null;
  return { from: new Date(from_ms).toISOString(), to: new Date(to_ms).toISOString() };
}
