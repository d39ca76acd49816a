// Sending a unit by the command line asks for the same as by the list of candidates: a reason against the recommendation,
// and a word on what it leaves.
import type { Assignment, Candidate, Incident, Unit, UnitAssignment } from '../api/types';
import { endOfNumber } from './named_things';
import { said, type Said } from './said';

export interface Sending {
  candidate: Candidate | null;
  /** Who was recommended instead; null where it is this unit, or nobody, or nothing is known. */
  instead: Candidate | null;
  /** What it is under way to, and would leave. */
  leaves: UnitAssignment | null;
  /** Who goes there already. */
  going: readonly Assignment[];
}

/** `candidates` null: not known (yet); then nothing but leaving another incident needs a reason. */
export function sendingOf(unit: Unit, incident: Incident, candidates: readonly Candidate[] | null): Sending {
  const going = incident.assignments.filter(({ ended_at }) => ended_at === null);
  const here = new Set(going.map(({ unit_id }) => unit_id));
  const recommended = candidates?.find((one) => one.recommended && !here.has(one.unit_id)) ?? null;
  const moving = unit.status === 'DISPATCHED' || unit.status === 'EN_ROUTE';
  return {
    candidate: candidates?.find(({ unit_id }) => unit_id === unit.id) ?? null,
    instead: recommended && recommended.unit_id !== unit.id ? recommended : null,
    leaves: moving && unit.assignment?.incident_id !== incident.id ? unit.assignment : null,
    going,
  };
}

/** Why it can't be done as it stands, and what to type; null where it can. */
export function objection(unit: Unit, incident: Incident, reason: string | undefined, sending: Sending): Said | null {
  const values = { unit: unit.name, number: endOfNumber(unit.assignment?.incident_number ?? '') };
  if (unit.assignment?.incident_id === incident.id) return said('command_wrong_there_already', values);
  if (unit.status === 'ON_SCENE') return said('command_wrong_is_on_scene', values);
  if (unit.status === 'OUT_OF_SERVICE') return said('command_wrong_is_out', values);
  if (reason) return null;
  if (sending.leaves) return said('command_wrong_leaves', values);
  return sending.instead ? said('command_wrong_not_recommended', { ...values, recommended: sending.instead.name }) : null;
}

/** About 3 min 20 s. */
export function etaSaid(eta_s: number | null | undefined): Said {
  if (eta_s === null || eta_s === undefined) return said('command_eta_unknown');
  const whole = Math.round(eta_s);
  return said('command_eta', { minutes: Math.floor(whole / 60), seconds: whole % 60 });
}
