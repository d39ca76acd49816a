// Every request the screens make, one function each, typed by the API's own description.
import { request } from './request';
import type {
  Alarm,
  Assignment,
  Bureau,
  Candidate,
  Coverage,
  CurrentSession,
  IncidentDetail,
  KpiReport,
  Mode,
  NewIncident,
  Note,
  Place,
  Policy,
  Suggestion,
} from './types';

export const currentSession = () => request<CurrentSession>('GET', '/session');
export const signIn = (username: string, password: string) =>
  request<CurrentSession>('POST', '/session', { body: { username, password } });
export const signOut = () => request<undefined>('DELETE', '/session');

export const bureau = () => request<Bureau>('GET', '/bureau');
export const streets = () => request<GeoJSON.FeatureCollection<GeoJSON.LineString>>('GET', '/streets');

/** The same `key` sent again gives the same incident, so a retry after silence can't enter a call twice. */
export const createIncident = (call: NewIncident, key: string) =>
  request<IncidentDetail>('POST', '/incidents', { body: call, headers: { 'Idempotency-Key': key } });
export const incident = (id: string) => request<IncidentDetail>('GET', `/incidents/${id}`);
export const closeIncident = (id: string, disposition: string, note: string | null) =>
  request<IncidentDetail>('POST', `/incidents/${id}/close`, { body: { disposition, note } });
export const cancelIncident = (id: string, reason: string) =>
  request<IncidentDetail>('POST', `/incidents/${id}/cancel`, { body: { reason } });

/** Sent again with the same `key` it is kept once. `written_at`: when it was written down; now without it. */
export const keepNote = (incidentId: string, note: { text: string; written_at?: string }, key: string) =>
  request<Note>('POST', `/incidents/${incidentId}/notes`, { body: note, headers: { 'Idempotency-Key': key } });

const items = (answer: { items: Candidate[] }) => answer.items;
export const candidatesFor = (incidentId: string) =>
  request<{ items: Candidate[] }>('GET', `/incidents/${incidentId}/candidates`).then(items);
export const candidatesAt = ({ lat, lon }: Place, priority: number) =>
  request<{ items: Candidate[] }>('GET', '/candidates', { query: { lat, lon, priority } }).then(items);

/** How a unit is sent by hand: `replaces` is an assignment that ends with it; `divert` takes it off what it drives to. */
export interface ByHand {
  reason: string | null;
  replaces: string | null;
  divert: boolean;
  /** The assignments that were seen: more of them, and the server asks to look again. */
  seen?: readonly string[];
}
export const assign = (incidentId: string, unitId: string, { reason, replaces, divert, seen }: ByHand) =>
  request<Assignment>('POST', `/incidents/${incidentId}/assignments`, {
    body: { unit_id: unitId, override_reason: reason, replaces, divert, seen },
  });
export const endAssignment = (id: string, reason: string) =>
  request<Assignment>('POST', `/assignments/${id}/end`, { body: { reason } });

export const acknowledgeAlarm = (id: string) => request<Alarm>('POST', `/alarms/${id}/acknowledge`);
export const resolveAlarm = (id: string) => request<Alarm>('POST', `/alarms/${id}/resolve`);

export const policy = () => request<Policy>('GET', '/policy');
export const setMode = (mode: Mode) => request<Policy>('PUT', '/policy/mode', { body: { mode } });

export const coverage = () => request<Coverage>('GET', '/coverage');
export const coverageAreas = () => request<CoverageAreas>('GET', '/coverage/areas');
export const acceptSuggestion = (id: string) => request<Suggestion>('POST', `/standby/suggestions/${id}/accept`);
export const dismissSuggestion = (id: string) =>
  request<Suggestion>('POST', `/standby/suggestions/${id}/dismiss`, { body: {} });

/** Widest first; `within_s` is the limit that the area lies within. */
export type CoverageAreas = GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon, { within_s: number }>;

export interface KpiQuestion {
  from: string;
  to: string;
  group_by: string;
  clock: 'received' | 'dispatched';
}
export const kpi = (question: KpiQuestion) => request<KpiReport>('GET', '/kpi', { query: { ...question } });
