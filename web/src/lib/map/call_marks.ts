// Incidents as marks. Pure.
import type { Place } from '../api/types';
import type { CallClock } from '../time/call_clock';
import { span } from '../time/format';
import type { Mark } from './differences';

/** The category, and below it the clock; a word beside it where it is late or at rest. */
export function callLabel(category: string, { stage, elapsed_s }: CallClock, word: string): string {
  const clock = span(elapsed_s);
  const silent = stage === 'running' || stage === 'amber';
  return `${category}\n${silent ? clock : `${word} ${clock}`}`;
}

export function callMark(priority: number, at: Place, clock: CallClock, label: string, chosen: boolean): Mark {
  return {
    geometry: { type: 'Point', coordinates: [at.lon, at.lat] },
    properties: { icon: `call-${priority}-${clock.stage}`, label, priority, chosen },
  };
}
