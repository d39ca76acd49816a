// Which call is looked at first: nobody on scene before somebody, then priority, then who waits longest.
import type { Assignment, Incident } from '../api/types';

export const openAssignments = (incident: Incident): Assignment[] =>
  incident.assignments.filter((assignment) => assignment.ended_at === null);

/** The state in one word: nobody yet, the farthest step of its units, or on scene. */
export type Progress = 'waiting' | 'dispatched' | 'acknowledged' | 'en_route' | 'on_scene';

const STEPS: readonly Progress[] = ['waiting', 'dispatched', 'acknowledged', 'en_route', 'on_scene'];

export function progress(incident: Incident): Progress {
  const reached = openAssignments(incident).map(({ state }) => STEPS.indexOf(state as Progress));
  return STEPS[Math.max(0, ...reached)] ?? 'waiting';
}

function rank(incident: Incident): number {
  if (incident.on_scene_at) return 2;
  return openAssignments(incident).length ? 1 : 0;
}

/** Order of the list: priority weighs more than whether somebody is on the way, being on scene more than either. */
export function byUrgency(one: Incident, other: Incident): number {
  const there = Number(rank(one) === 2) - Number(rank(other) === 2);
  return (
    there ||
    one.priority - other.priority ||
    rank(one) - rank(other) ||
    Date.parse(one.received_at) - Date.parse(other.received_at) ||
    (one.number < other.number ? -1 : 1)
  );
}
