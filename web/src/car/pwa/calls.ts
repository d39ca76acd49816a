// What the page asks of the server, call by call.
import { request } from '../../lib/api/request';
import type { OfficerState } from './compose';
import type { Message } from './outbox';

export interface Session {
  username: string;
  role: string;
  csrf_token: string;
}

export interface Duty {
  duty_id: string;
  unit_id: string;
  unit_name: string;
}

export interface OfficerUnit {
  unit_id: string;
  name: string;
  held_by: string | null;
  mine: boolean;
}

export interface Ack {
  acked: number;
  rejected: { seq: number; code: string; message: string }[];
}

export const signIn = (username: string, password: string) =>
  request<Session>('POST', '/session', { body: { username, password } });
export const currentSession = () => request<Session>('GET', '/session');
export const endSession = () => request<undefined>('DELETE', '/session');
export const units = async () => (await request<{ items: OfficerUnit[] }>('GET', '/officer/units')).items;
export const signOn = (unit_id: string, take_over: boolean) =>
  request<Duty>('POST', '/officer/duty', { body: { unit_id, take_over } });
export const leaveUnit = () => request<undefined>('DELETE', '/officer/duty');
/** `keepalive`: goes on when the page is put away. */
export const report = (duty_id: string, boot: string, messages: Message[], keepalive = false) =>
  request<Ack>('POST', '/officer/messages', { body: { duty_id, boot, clock_ms: Date.now(), messages }, keepalive });
export const stateOf = (boot: string, heard: number | undefined) =>
  request<OfficerState>('GET', '/officer/state', { query: { boot, heard } });
export const streets = () => request<GeoJSON.FeatureCollection<GeoJSON.LineString>>('GET', '/streets');
