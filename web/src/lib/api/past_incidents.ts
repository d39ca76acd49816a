// The list of incidents, open and ended, a page at a time.
import { request, type Query } from './request';
import type { components } from './schema';

export type IncidentPage = components['schemas']['IncidentPage'];

export const pastIncidents = (query: Query) => request<IncidentPage>('GET', '/incidents', { query });
