// The timeline of one incident: events from the record and from the feed, each once, in the order they were recorded.
import type { TimelineEvent } from '../api/types';

export function withEvents(known: readonly TimelineEvent[], more: readonly TimelineEvent[]): TimelineEvent[] {
  const byId = new Map(known.map((event) => [event.id, event]));
  for (const event of more) byId.set(event.id, event);
  return [...byId.values()].sort((one, other) => one.id - other.id);
}
