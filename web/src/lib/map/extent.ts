// What part of the earth to look at first. Longitude before latitude, as in GeoJSON.
import type { Bureau } from '../api/types';

export type Extent = [west: number, south: number, east: number, north: number];

/** The island, for a bureau that has neither outline nor streets yet. */
const TAIWAN: Extent = [119.9, 21.8, 122.1, 25.4];

function* pairs(value: unknown): Generator<[number, number]> {
  if (!Array.isArray(value)) return;
  const [lon, lat] = value as unknown[];
  if (typeof lon === 'number' && typeof lat === 'number') yield [lon, lat];
  else for (const part of value) yield* pairs(part);
}

/** The smallest box round all coordinates of a geometry, or of a feature's; null where there are none. */
export function boxOf(geojson: unknown): Extent | null {
  const { coordinates, geometry } = (geojson ?? {}) as { coordinates?: unknown; geometry?: { coordinates?: unknown } };
  let box: Extent | null = null;
  for (const [lon, lat] of pairs(coordinates ?? geometry?.coordinates)) {
    box = box
      ? [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)]
      : [lon, lat, lon, lat];
  }
  return box;
}

export function extentOf(bureau: Pick<Bureau, 'outline' | 'extent'>): Extent {
  const { extent } = bureau;
  return boxOf(bureau.outline) ?? (extent?.length === 4 ? (extent as Extent) : TAIWAN);
}
