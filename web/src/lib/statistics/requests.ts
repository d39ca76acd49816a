// The requests of the page of figures, each with the same question in its query.
import { request } from '../api/request';
import type { components } from '../api/schema';
import { addFilters, type Asked } from './asked';
import { instants } from './period';

type Schemas = components['schemas'];
export type Report = Schemas['KpiReport'];
export type Row = Schemas['KpiGroup'];
export type Parts = Schemas['KpiParts'];
export type PartsGroups = Schemas['KpiPartsGroups'];
export type Part = Schemas['KpiPart'];
export type Distribution = Schemas['KpiDistribution'];
export type Months = Schemas['KpiMonths'];
export type Month = Schemas['KpiMonth'];
export type LateReport = Schemas['LateReport'];
export type LedgerPage = Schemas['LedgerPage'];
export type LedgerRow = Schemas['LedgerRow'];
export type LedgerTotals = Schemas['LedgerTotals'];
export type TargetList = Schemas['TargetList'];
export type Target = Schemas['TargetView'];
export type ReviewCase = Schemas['ReviewCase'];
export type ReviewCasePage = Schemas['ReviewCasePage'];
export type NewReview = Schemas['NewReview'];
export type EtaReport = Schemas['EtaReport'];
export type EtaIncidentPage = Schemas['EtaIncidentPage'];
export type ReportList = Schemas['ReportList'];
export type MadeReport = Schemas['ReportView'];
export type NewReport = Schemas['NewReport'];

/** The query of what is asked for, with more of one request; null where the period is impossible. */
export function queryOf(asked: Asked, more: Readonly<Record<string, string | undefined>> = {}): string | null {
  const span = instants(asked.days);
  if (!span) return null;
  const said = new URLSearchParams({ ...span, clock: asked.clock, figures: asked.figures });
  addFilters(said, asked.filters);
  for (const [name, value] of Object.entries(more)) if (value !== undefined) said.set(name, value);
  return said.toString();
}

/** The path of a figure; null where the period is impossible. */
export function pathOf(figure: string, asked: Asked, more: Readonly<Record<string, string | undefined>> = {}): string | null {
  const query = queryOf(asked, more);
  return query === null ? null : `${figure}?${query}`;
}

export const read = <T>(path: string) => request<T>('GET', path);
export const setTarget = (year: number, share: number | null) =>
  request<Target>('PUT', `/kpi/targets/${year}`, { body: { share } });
export const review = (incident_id: string, body: NewReview) =>
  request<ReviewCase>('POST', `/incidents/${incident_id}/reviews`, { body });
/** A year of a city takes minutes. */
export const makeReport = (body: NewReport) => request<MadeReport>('POST', '/reports', { body, unhurried: true });
