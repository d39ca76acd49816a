// Who goes to a call, and what to look at together.
import type { Assignment, Incident, Place, Unit } from '../api/types';
import { whereOfAll } from './where';

export const openAssignments = (incident: Incident): Assignment[] =>
  incident.assignments.filter((assignment) => assignment.ended_at === null);

/** The incident's place and, of the units that go there, the ones that are known: what to look at together. */
export function placesOf(incident: Incident, units: ReadonlyMap<string, Unit>): Place[] {
  const going = openAssignments(incident).flatMap(({ unit_id }) => units.get(unit_id)?.position ?? []);
  return [...whereOfAll(incident), ...going];
}
