// Recordings of an incident: the list, where a player finds a file, and an export.
import { request, requestFile } from './request';
import type { Recording } from './types';

/** The newest; `more`: there are others. */
export const recordingsOf = (incidentId: string) =>
  request<{ items: Recording[]; more: boolean }>('GET', '/recordings', { query: { incident: incidentId } });

/** What a video element plays; each look at it is kept by name. */
export const contentAddress = (id: string) => `/api/v1/recordings/${id}/content`;

export const exportRecordings = (ids: readonly string[], reason: string) =>
  requestFile('/recordings/exports', { recording_ids: ids, reason });
