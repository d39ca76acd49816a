// A past period in pages, as the server gives it: short ones, so that it can be seen how far it has come.
import { request } from '../api/request';
import type { components } from '../api/schema';

type Schemas = components['schemas'];
export type Page = Schemas['Replay'];
export type PastEvent = Schemas['ReplayEvent'];
export type PastDecision = Schemas['ReplayDecision'];
export type Track = Schemas['ReplayTrack'];

const PAGE_MS = 600_000;

export interface Stretch {
  readonly from_ms: number;
  readonly to_ms: number;
}

/** The pages of a period, without what lies after `now_ms`. */
export function pagesOf({ from_ms, to_ms }: Stretch, now_ms: number): Stretch[] {
  const end_ms = Math.min(to_ms, now_ms);
  const pages: Stretch[] = [];
  for (let at_ms = from_ms; at_ms < end_ms; at_ms += PAGE_MS) {
    pages.push({ from_ms: at_ms, to_ms: Math.min(at_ms + PAGE_MS, end_ms) });
  }
  return pages;
}

/** One position of each unit in so many seconds: finer than that no slider shows. */
const EVERY_S = 5;

export const readPage = ({ from_ms, to_ms }: Stretch) =>
  request<Page>('GET', '/replay', {
    query: { from: new Date(from_ms).toISOString(), to: new Date(to_ms).toISOString(), every_s: EVERY_S },
  });
