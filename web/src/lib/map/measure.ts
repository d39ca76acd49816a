// A line of points on the ground and how long it is. Pure.
import type { Place } from '../api/types';
import type { Mark, Marks } from './differences';

const RADIUS_M = 6_371_009;
const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Metres between two places along the great circle (haversine). */
export function metresBetween(from: Place, to: Place): number {
  const north = Math.sin(radians(to.lat - from.lat) / 2);
  const east = Math.sin(radians(to.lon - from.lon) / 2);
  const share = north ** 2 + Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * east ** 2;
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(share)));
}

/** Metres from the first point to each. */
export function along(points: readonly Place[]): number[] {
  const metres: number[] = [];
  points.forEach((point, number) => {
    const before = points[number - 1];
    metres.push(before ? (metres[number - 1] ?? 0) + metresBetween(before, point) : 0);
  });
  return metres;
}

/** 85 m, 1.24 km: finer than a way is told, as somebody measures on purpose. */
export const measured = (metres: number) => (metres < 1_000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(2)} km`);

/** The line and its points, each with its distance from the first. */
export function measureMarks(points: readonly Place[]): Marks {
  const marks = new Map<string, Mark>();
  const coordinates = points.map(({ lat, lon }) => [lon, lat]);
  if (coordinates.length > 1) marks.set('line', { geometry: { type: 'LineString', coordinates }, properties: { label: '' } });
  along(points).forEach((metres, number) => {
    const at = coordinates[number];
    if (!at) return;
    const label = number ? measured(metres) : '0';
    marks.set(`point-${number}`, { geometry: { type: 'Point', coordinates: at }, properties: { label } });
  });
  return marks;
}
