// Areas as they are drawn: the inside of a block that is reached on all sides is no hole in the picture. Pure.
import type { CoverageAreas } from '../api/calls';

/** Holes up to this size are blocks, parks, fields between streets; larger ones are really out of reach. */
const HOLE_M2 = 1_000_000;
const METRES_PER_DEGREE = 111_195;

/** Square metres inside a ring of [lon, lat]. */
export function ringArea_m2(ring: readonly GeoJSON.Position[]): number {
  const scale = Math.cos(((ring[0]?.[1] ?? 0) * Math.PI) / 180);
  let twice = 0;
  ring.forEach(([lon = 0, lat = 0], i) => {
    const [nextLon = 0, nextLat = 0] = ring[(i + 1) % ring.length] ?? [];
    twice += lon * nextLat - nextLon * lat;
  });
  return (Math.abs(twice) / 2) * scale * METRES_PER_DEGREE ** 2;
}

const filled = (polygon: GeoJSON.Position[][]) =>
  polygon.filter((ring, number) => number === 0 || ringArea_m2(ring) > HOLE_M2);

export function withoutSmallHoles(areas: CoverageAreas): CoverageAreas {
  return {
    ...areas,
    features: areas.features.map((area) => {
      const { geometry } = area;
      return geometry.type === 'Polygon'
        ? { ...area, geometry: { ...geometry, coordinates: filled(geometry.coordinates) } }
        : { ...area, geometry: { ...geometry, coordinates: geometry.coordinates.map(filled) } };
    }),
  };
}
