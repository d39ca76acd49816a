// Which past incidents are asked for, as the address of the list holds it.
import type { Query } from '../api/request';

export const STATES = ['all', 'open', 'closed'] as const;
export type PastState = (typeof STATES)[number];

export interface PastQuestion {
  /** Days of Asia/Taipei, both within. */
  readonly first: string;
  readonly last: string;
  readonly state: PastState;
  readonly search: string;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const isState = (text: string | null): text is PastState => STATES.some((state) => state === text);

/** What an address asks for; what it does not say, or says wrongly, is today's, all of them. */
export function questionOf(argument: string, today: string): PastQuestion {
  const told = new URLSearchParams(argument);
  const day = (name: string) => {
    const text = told.get(name) ?? '';
    return DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : today;
  };
  const state = told.get('state');
  return { first: day('first'), last: day('last'), state: isState(state) ? state : 'all', search: told.get('search') ?? '' };
}

export function argumentOf({ first, last, state, search }: PastQuestion): string {
  return new URLSearchParams({ first, last, state, ...(search ? { search } : {}) }).toString();
}

/** Of GET /incidents. Taipei has no summer time. */
export function queryOf({ first, last, state, search }: PastQuestion, cursor: string | null): Query {
  const end = new Date(Date.parse(`${last}T00:00:00+08:00`) + 86_400_000).toISOString();
  return {
    from: `${first}T00:00:00+08:00`,
    to: end,
    state,
    limit: 100,
    search: search.trim() || undefined,
    cursor: cursor ?? undefined,
  };
}
