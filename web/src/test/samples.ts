// Things as the API tells them, for tests: each call gives a whole one, with what matters to the test set.
import type { Alarm, Assignment, Incident, Suggestion, TimelineEvent, Unit } from '../lib/api/types';

const AT = '2026-11-24T03:00:00+00:00';

export const unit = (id: string, change: Partial<Unit> = {}): Unit => ({
  id,
  unit_id: id,
  name: `北興${id}`,
  status: 'AVAILABLE',
  available: true,
  unavailable_reason: null,
  plate: null,
  vehicle_type: 'car',
  capabilities: [],
  crew: 2,
  shift_ends_at: null,
  station: '北興',
  precinct: '第一分局',
  connected: true,
  position: null,
  assignment: null,
  cameras: [],
  ...change,
});

export const position = (fixed_at: string, lat = 23.48, lon = 120.45) => ({
  lat,
  lon,
  accuracy_m: 4,
  speed_mps: 8,
  course_deg: 90,
  fixed_at,
  received_at: fixed_at,
});

export const assignment = (id: string, change: Partial<Assignment> = {}): Assignment => ({
  id,
  assignment_id: id,
  incident_id: 'i1',
  unit_id: 'u1',
  unit_name: '北興u1',
  state: 'dispatched',
  eta_s: 240,
  dispatched_at: AT,
  acknowledged_at: null,
  en_route_at: null,
  on_scene_at: null,
  cleared_at: null,
  ended_at: null,
  end_reason: null,
  override_reason: null,
  review: [],
  role: null,
  ...change,
});

export const incident = (id: string, change: Partial<Incident> = {}): Incident => ({
  id,
  number: `N-${id}`,
  category: 'criminal',
  priority: 2,
  accident_class: null,
  lat: 23.48,
  lon: 120.45,
  address: null,
  description: null,
  state: 'open',
  station: null,
  precinct: null,
  exclusion: null,
  merged_into: null,
  disposition: null,
  version: 1,
  seen_at: AT,
  seen_by: 'night',
  received_at: AT,
  created_at: AT,
  arrive_by: '2026-11-24T03:10:00+00:00',
  dispatched_at: null,
  acknowledged_at: null,
  en_route_at: null,
  on_scene_at: null,
  cleared_at: null,
  ended_at: null,
  response_s: null,
  assignments: [],
  ...change,
});

export const alarm = (id: string, change: Partial<Alarm> = {}): Alarm => ({
  id,
  kind: 'sos',
  level: 'alarm',
  unit_id: null,
  unit_name: null,
  incident_id: null,
  incident_number: null,
  raised_at: AT,
  lat: null,
  lon: null,
  data: {},
  acknowledged_at: null,
  acknowledged_by: null,
  resolved_at: null,
  resolved_by: null,
  snoozed_until: null,
  snoozed_by: null,
  ...change,
});

export const suggestion = (id: string, change: Partial<Suggestion> = {}): Suggestion => ({
  id,
  unit_id: 'u1',
  unit_name: '北興u1',
  place: '中山路/民族路口',
  lat: 23.49,
  lon: 120.46,
  drive_s: 240,
  gain_share: 0.06,
  gain_s: 20,
  share_before: 0.6,
  share_after: 0.66,
  state: 'open',
  made_at: AT,
  decided_at: null,
  decided_by: null,
  ended_at: null,
  reason: null,
  ...change,
});

export const event = (id: number, change: Partial<TimelineEvent> = {}): TimelineEvent => ({
  id,
  kind: 'incident_changed',
  happened_at: AT,
  recorded_at: AT,
  car_time: null,
  said_by: 'server',
  actor: null,
  incident_id: null,
  assignment_id: null,
  unit_id: null,
  unit_name: null,
  data: {},
  ...change,
});

/** Numbers 0 ≤ r < 1 that are the same in every run (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
