// The order of the queue: by what the server says the risk weighs, and so that rows don't jump under the hand.
import type { Incident } from '../api/types';
import type { Lateness } from '../api/lateness';
import { openAssignments } from './urgency';

/** What a second of lateness counts by priority 1 to 4, what a safe incident counts, and what one that nobody goes to
 *  counts more: as the server weighs them. Used for the moment until it has spoken of a new incident. */
const WEIGHTS = [8, 3, 1, 0.5];
const CALM = 0.1;
const UNSENT = 0.2;

/** A row moves up only past one whose risk it exceeds by this factor: two that are as good as equal stay as they are. */
const CLEARLY = 1.25;

export interface Ranked {
  readonly id: string;
  readonly risk: number;
  readonly received_at: string;
}

export function riskOf(incident: Incident, lateness: Lateness | undefined): number {
  if (incident.on_scene_at) return 0;
  if (lateness && lateness.basis !== 'reached') return lateness.risk;
  const weight = WEIGHTS[incident.priority - 1] ?? 0;
  return weight * (CALM + (openAssignments(incident).length ? 0 : UNSENT));
}

/** Who waits longest comes first among equals. */
const inOrder = (one: Ranked, other: Ranked) =>
  other.risk - one.risk || Date.parse(one.received_at) - Date.parse(other.received_at) || (one.id < other.id ? -1 : 1);

/** Does the lower row have to pass the upper one? What is reached (risk 0) is passed by whatever is not. */
const passes = (lower: Ranked, upper: Ranked) => lower.risk > upper.risk * CLEARLY;

/** The new order of ids. `shown`: as they stand now. `held`: a hand is on the list; then nothing that stands there
 *  moves, and new ones alone come in at their place: a call must never be invisible. */
export function reordered(shown: readonly string[], wanted: readonly Ranked[], held: boolean): string[] {
  const known = new Map(wanted.map((item) => [item.id, item]));
  const standing = shown.flatMap((id) => known.get(id) ?? []);
  const before = new Set(shown);
  const fresh = wanted.filter(({ id }) => !before.has(id)).sort(inOrder);
  const order = held ? standing : settled(standing);
  for (const item of fresh) {
    const at = order.findIndex((other) => inOrder(item, other) < 0);
    order.splice(at < 0 ? order.length : at, 0, item);
  }
  return order.map(({ id }) => id);
}

function settled(standing: readonly Ranked[]): Ranked[] {
  const order: Ranked[] = [];
  for (const item of standing) {
    let at = order.length;
    for (let upper = order[at - 1]; upper && passes(item, upper); upper = order[at - 1]) at -= 1;
    order.splice(at, 0, item);
  }
  return order;
}
