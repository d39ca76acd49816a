// The ten-minute clock of one incident: runs from the call, stops when the first unit is on scene.
import type { Incident } from '../api/types';

export type Stage = 'running' | 'amber' | 'red' | 'arrived' | 'arrived_late' | 'ended';

export interface CallClock {
  readonly elapsed_s: number;
  readonly stage: Stage;
}

/** The share of the target after which a call needs a second look: 8 of 10 minutes. */
const AMBER_SHARE = 0.8;

type Milestones = Pick<Incident, 'received_at' | 'on_scene_at' | 'ended_at'>;

/** What the clock shows at `now_ms` (server time); `target_s` is the bureau's target, 600 s. */
export function callClock(incident: Milestones, now_ms: number, target_s: number): CallClock {
  const received_ms = Date.parse(incident.received_at);
  const since_s = (end_ms: number) => Math.max(0, Math.floor((end_ms - received_ms) / 1000));
  if (incident.on_scene_at) {
    const elapsed_s = since_s(Date.parse(incident.on_scene_at));
    return { elapsed_s, stage: elapsed_s > target_s ? 'arrived_late' : 'arrived' };
  }
  if (incident.ended_at) return { elapsed_s: since_s(Date.parse(incident.ended_at)), stage: 'ended' };
  const elapsed_s = since_s(now_ms);
  if (elapsed_s >= target_s) return { elapsed_s, stage: 'red' };
  return { elapsed_s, stage: elapsed_s >= target_s * AMBER_SHARE ? 'amber' : 'running' };
}

export const isRunning = ({ stage }: CallClock) => stage === 'running' || stage === 'amber' || stage === 'red';
