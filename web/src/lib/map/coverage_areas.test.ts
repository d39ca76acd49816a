// Which holes of an area are drawn.
import { expect, test } from 'vitest';
import type { CoverageAreas } from '../api/calls';
import { ringArea_m2, withoutSmallHoles } from './coverage_areas';

/** A square ring from one corner, so many degrees wide. */
const square = (lon: number, lat: number, wide: number): GeoJSON.Position[] => [
  [lon, lat],
  [lon + wide, lat],
  [lon + wide, lat + wide],
  [lon, lat + wide],
  [lon, lat],
];

test('an area is told in square metres wherever it lies', () => {
  expect(ringArea_m2(square(0, 0, 0.01)) / 1_236_000).toBeCloseTo(1, 1);
  expect(ringArea_m2(square(120, 60, 0.01)) / 618_000).toBeCloseTo(1, 1);
});

test('a block is filled, a hill is not, in polygons and in parts', () => {
  const rings = [square(120, 23, 0.1), square(120.01, 23.01, 0.004), square(120.03, 23.03, 0.03)];
  const areas: CoverageAreas = {
    type: 'FeatureCollection',
    features: [
      { type: 'Feature', properties: { within_s: 300 }, geometry: { type: 'Polygon', coordinates: rings } },
      { type: 'Feature', properties: { within_s: 180 }, geometry: { type: 'MultiPolygon', coordinates: [rings] } },
    ],
  };
  const [one, parts] = withoutSmallHoles(areas).features;
  expect(one?.geometry.coordinates).toEqual([rings[0], rings[2]]);
  expect(parts?.geometry.coordinates).toEqual([[rings[0], rings[2]]]);
});
