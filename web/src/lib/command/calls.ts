// The requests that only the command line makes.
import { request } from '../api/request';
import type { components } from '../api/schema';
import type { Assignment, Unit } from '../api/types';

type Schemas = components['schemas'];
export type Step = Schemas['NewStep']['status'];
export type Note = Schemas['NoteView'];

export const takeStep = (assignmentId: string, status: Step, disposition: string | null) =>
  request<Assignment>('POST', `/assignments/${assignmentId}/steps`, { body: { status, disposition } });

export const addNote = (incidentId: string, text: string) =>
  request<Note>('POST', `/incidents/${incidentId}/notes`, { body: { text } });
export const strikeNote = (noteId: string) => request<Note>('POST', `/notes/${noteId}/strike`);

export const setAvailability = (unitId: string, available: boolean, reason: string | null) =>
  request<Unit>('POST', `/units/${unitId}/availability`, { body: { available, reason } });

export const sendNotice = (unitId: string, text: string) =>
  request<undefined>('POST', `/units/${unitId}/notices`, { body: { text, level: 'info' } });
