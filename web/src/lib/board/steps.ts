// How long a unit has been at its step, and when it will be there. Pure.
import type { Lateness } from '../api/lateness';
import type { Assignment } from '../api/types';

const STEPS = ['on_scene_at', 'en_route_at', 'acknowledged_at', 'dispatched_at'] as const;

/** When the step that it is at began: the latest that is known. */
export function stepSince(assignment: Assignment): string | null {
  return STEPS.map((step) => assignment[step]).find((at) => at != null) ?? null;
}

export interface Expected {
  readonly at_ms: number;
  /** From where the unit is now; else as it was said when it was sent. */
  readonly is_live: boolean;
}

/** When it will be there; null where it is there, or nobody can say. Of the unit that comes first the lateness knows, so
 *  that both tables say the same; of the others `arrival_ms`, from where they are. */
export function expectedAt(
  assignment: Assignment,
  lateness: Lateness | undefined,
  arrival_ms?: number | undefined,
): Expected | null {
  if (assignment.on_scene_at) return null;
  if (lateness?.basis === 'under_way' && lateness.by_unit_id === assignment.unit_id && lateness.expected_on_scene_at) {
    return { at_ms: Date.parse(lateness.expected_on_scene_at), is_live: true };
  }
  if (arrival_ms !== undefined) return { at_ms: arrival_ms, is_live: true };
  if (assignment.eta_s === null || assignment.dispatched_at === null) return null;
  return { at_ms: Date.parse(assignment.dispatched_at) + assignment.eta_s * 1000, is_live: false };
}
