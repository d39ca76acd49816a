// How an assignment ended that a plan or a diversion ended, and where its unit went instead.
import type { Assignment, TimelineEvent } from '../api/types';

const ENDINGS = ['diverted', 'replaced'] as const;
export type Ending = (typeof ENDINGS)[number];

/** Of a `reason` beside the state `reassigned`; null where it is a dispatcher's own words. */
const known = (reason: unknown): Ending | null => ENDINGS.find((ending) => ending === reason) ?? null;

export const endingOf = ({ state, end_reason }: Assignment): Ending | null =>
  state === 'reassigned' ? known(end_reason) : null;

export const endingTold = ({ kind, data }: TimelineEvent): Ending | null =>
  kind === 'assignment_ended' && data['state'] === 'reassigned' ? known(data['reason']) : null;

export interface Elsewhere {
  id: string;
  number: string;
}

/** The incident that an event sends the unit to; only the event knows its number. */
export function toldWhere({ data }: TimelineEvent): Elsewhere | null {
  const id = data['diverted_to'];
  const number = data['diverted_to_number'];
  return typeof id === 'string' && typeof number === 'string' ? { id, number } : null;
}

export function wentTo({ id }: Assignment, events: readonly TimelineEvent[]): Elsewhere | null {
  const end = events.find((event) => event.assignment_id === id && endingTold(event) === 'diverted');
  return end ? toldWhere(end) : null;
}
