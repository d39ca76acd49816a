// Which call is looked at first: nobody on scene before somebody, then priority, then who waits longest.
import type { Assignment, Incident, Place, Unit } from '../api/types';

export const openAssignments = (incident: Incident): Assignment[] =>
  incident.assignments.filter((assignment) => assignment.ended_at === null);

/** The incident's place and, of the units that go there, the ones that are known: what to look at together. */
export function placesOf(incident: Incident, units: ReadonlyMap<string, Unit>): Place[] {
  const going = openAssignments(incident).flatMap(({ unit_id }) => units.get(unit_id)?.position ?? []);
  return [incident, ...going];
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
