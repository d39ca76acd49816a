// The requests that only the command line makes.
import { keepNote } from '../api/calls';
import { request } from '../api/request';
import type { components } from '../api/schema';
import type { Assignment, Note, Unit } from '../api/types';

type Schemas = components['schemas'];
export type Step = Schemas['NewStep']['status'];

export const takeStep = (assignmentId: string, status: Step, disposition: string | null) =>
  request<Assignment>('POST', `/assignments/${assignmentId}/steps`, { body: { status, disposition } });

/** Keys of notes that were sent and not answered: the same words for the same incident are the same note. */
const unanswered = new Map<string, string>();

export async function addNote(incidentId: string, text: string): Promise<Note> {
  const which = `${incidentId} ${text}`;
  const key = unanswered.get(which) ?? crypto.randomUUID();
  unanswered.set(which, key);
  const note = await keepNote(incidentId, { text }, key);
  unanswered.delete(which);
  return note;
}
export const strikeNote = (noteId: string) => request<Note>('POST', `/notes/${noteId}/strike`);

export const setAvailability = (unitId: string, available: boolean, reason: string | null) =>
  request<Unit>('POST', `/units/${unitId}/availability`, { body: { available, reason } });

export const sendNotice = (unitId: string, text: string) =>
  request<undefined>('POST', `/units/${unitId}/notices`, { body: { text, level: 'info' } });
