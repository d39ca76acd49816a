// A decision as it was kept: who was chosen, who else was considered, in the order in which people read it.
import type { Assignment, Candidate, IncidentDetail } from '../api/types';

export type Decision = IncidentDetail['decisions'][number];

/** A candidate as the record holds it; older records know less of it. */
export type KeptCandidate = Pick<Candidate, 'unit_id' | 'name' | 'status' | 'eta_s' | 'distance_m' | 'reasons' | 'recommended'> &
  Partial<Pick<Candidate, 'eta_spread_s' | 'chance_late' | 'would_divert_from'>>;

export interface DecisionSeen {
  readonly chosen: KeptCandidate | null;
  readonly chosen_unit_id: string | null;
  /** The chosen one first, then as they were ranked. */
  readonly candidates: readonly KeptCandidate[];
}

export function seenDecision(decision: Decision, assignments: readonly Assignment[]): DecisionSeen {
  const ranked = decision.candidates as unknown as KeptCandidate[];
  const unit_id = assignments.find(({ id }) => id === decision.assignment_id)?.unit_id ?? null;
  const chosen = ranked.find((candidate) => candidate.unit_id === unit_id) ?? null;
  return {
    chosen,
    chosen_unit_id: unit_id,
    candidates: chosen ? [chosen, ...ranked.filter((candidate) => candidate !== chosen)] : ranked,
  };
}

