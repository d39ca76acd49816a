// Where the map looks: after the car or not, north up or heading up; a finger that moves the map ends the following.
import type { LngLatBoundsLike } from 'maplibre-gl';
import type { Fix, Order } from '../backend';

/** Slower than this a course is noise, and the map stands still. Source: receivers of this class, see receiver.py. */
const COURSE_FROM_MPS = 1;

/** Degrees that the map is turned by, so that the car looks up; the one before where the car stands. */
export function bearingOf(fix: Fix | null, headingUp: boolean, before: number): number {
  if (!headingUp) return 0;
  const moving = (fix?.speed_mps ?? 0) >= COURSE_FROM_MPS;
  return moving && fix?.course_deg != null ? fix.course_deg : before;
}

/** The car, the job and the way in between; null while neither is known. Longitude first. */
export function wholeWay(order: Order | null, fix: Fix | null): LngLatBoundsLike | null {
  const points: [number, number][] = (order?.route?.coordinates ?? []).map(([lon = 0, lat = 0]) => [lon, lat]);
  if (order) points.push([order.incident.lon, order.incident.lat]);
  if (fix) points.push([fix.lon, fix.lat]);
  if (points.length === 0) return null;
  const lons = points.map(([lon]) => lon);
  const lats = points.map(([, lat]) => lat);
  return [
    [Math.min(...lons), Math.min(...lats)],
    [Math.max(...lons), Math.max(...lats)],
  ];
}
