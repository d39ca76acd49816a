// The notes that a timeline holds. Pure.
import type { TimelineEvent } from '../api/types';

export interface Note {
  readonly event: TimelineEvent;
  /** When it was written down, which may be before the call was entered. RFC 3339. */
  readonly at: string;
  readonly text: string;
  /** Who took it back; null where it stands. */
  readonly struck_by: string | null;
}

/** The notes that a timeline holds, in the order in which they were written down: one may be kept after the call only. */
export function notesIn(events: readonly TimelineEvent[]): Note[] {
  const struck = new Map(
    events.filter(({ kind }) => kind === 'note_struck').map((event) => [event.data['note_id'], event.actor ?? '']),
  );
  return events
    .filter(({ kind }) => kind === 'note_added')
    .map((event) => ({
      event,
      at: event.happened_at ?? event.recorded_at,
      text: typeof event.data['text'] === 'string' ? event.data['text'] : '',
      struck_by: struck.get(event.data['note_id']) ?? null,
    }))
    .sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
