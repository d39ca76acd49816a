// What the map asks for beside the live feed.
import { request } from '../api/request';
import type { components } from '../api/schema';

export type Way = components['schemas']['WayView'];
export type UnderWay = components['schemas']['UnderWayList'];
export type Station = components['schemas']['StationView'];

/** Streets where own units crawl, in the direction of driving; `factor` times the usual time. */
export interface Jams extends GeoJSON.FeatureCollection<GeoJSON.LineString, { factor: number; name: string }> {
  computed_at: string;
}

export const underWay = () => request<UnderWay>('GET', '/under-way');
export const stations = () => request<components['schemas']['StationList']>('GET', '/stations');
export const jams = () => request<Jams>('GET', '/jams');
