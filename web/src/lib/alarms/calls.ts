// What a dispatcher asks of the server about alarms, beside acknowledging and resolving (api/calls.ts).
import { request } from '../api/request';
import type { Alarm } from '../api/types';

export type Answered = 'message' | 'radio' | 'order_again' | 'send_another';
export interface Waiting {
  sos: number | null;
  unassigned: number | null;
}

export const snooze = (id: string, minutes: number) =>
  request<Alarm>('POST', `/alarms/${id}/snooze`, { body: { minutes } });
export const answered = (id: string, answer: Answered) =>
  request<Alarm>('POST', `/alarms/${id}/answer`, { body: { answer } });
export const sendHelp = (id: string, unit_id: string) =>
  request<Alarm>('POST', `/alarms/${id}/help`, { body: { unit_id } });
export const message = (unitId: string, text: string) =>
  request<undefined>('POST', `/units/${unitId}/notices`, { body: { text, level: 'warning' } });
export const seen = (incidentId: string) => request<undefined>('POST', `/incidents/${incidentId}/seen`);
/** For a desk where nobody is signed in. */
export const waiting = () => request<Waiting>('GET', '/waiting');
