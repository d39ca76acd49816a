// A call is new on every desk until somebody opens it on one.
import { NoAnswer, Refusal } from '../api/problem';
import type { Incident } from '../api/types';
import { seen } from './calls';

const told = new Set<string>();

/** The open call `id` is looked at here: the server is told once; a failure is tried again when it is opened again. */
export function markSeen(id: string | null, incidents: ReadonlyMap<string, Incident>): void {
  const incident = id === null ? undefined : incidents.get(id);
  if (!incident || incident.seen_at !== null || told.has(incident.id)) return;
  told.add(incident.id);
  void tell(incident.id);
}

async function tell(id: string): Promise<void> {
  try {
    await seen(id);
  } catch (error) {
    told.delete(id);
    if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
  }
}
