// Distances, and when "到達？" is proposed: near, slow, and on the way; never by a vague position.
import { expect, test } from 'vitest';
import { anOrder } from '../test/car_samples';
import type { Fix, Order } from './backend';
import { distance_m, navigationLinks, proposesArrival, remaining } from './places';

const SCENE = { lat: 23.48, lon: 120.45 };
const METRE_DEG = 1 / 111_195;
const fix = (metres: number, more: Partial<Fix> = {}): Fix => ({ time_ms: 0, lat: SCENE.lat + metres * METRE_DEG, lon: SCENE.lon, accuracy_m: 5, speed_mps: 0.5, ...more });
const order = (more: Partial<Order> = {}) => anOrder('a', { step: 'en_route', ...more });

test('a degree of latitude is 111.2 km, and a place is at no distance from itself', () => {
  expect(distance_m({ lat: 23, lon: 120 }, { lat: 24, lon: 120 })).toBeCloseTo(111_195, -1);
  expect(distance_m(SCENE, SCENE)).toBe(0);
});

test('arrival is proposed within 60 m, below 5 km/h, while the crew is on its way', () => {
  expect(proposesArrival(order(), fix(55))).toBe(true);
  expect(proposesArrival(order({ step: 'acknowledged' }), fix(0))).toBe(true);
  expect(proposesArrival(order(), fix(65))).toBe(false);
  expect(proposesArrival(order(), fix(10, { speed_mps: 1.4 }))).toBe(false);
  expect(proposesArrival(order(), fix(10, { speed_mps: 1.38 }))).toBe(true);
  expect(proposesArrival(order(), fix(10, { speed_mps: null }))).toBe(true);
  expect(proposesArrival(order(), fix(10, { accuracy_m: 100 }))).toBe(false);
  expect(proposesArrival(order(), null)).toBe(false);
});

test('nobody is asked who has not answered, has arrived, or whose arrival is on record', () => {
  for (const step of [null, 'on_scene', 'cleared', 'declined'] as const) expect(proposesArrival(order({ step }), fix(0))).toBe(false);
  expect(proposesArrival(order({ arrived: { by: 'gps', at_ms: 1 } }), fix(0))).toBe(false);
});

test('what is left is counted along the route from the car on; far off it, or without one, straight', () => {
  const corner = [SCENE.lon, SCENE.lat + 1000 * METRE_DEG];
  const east = [SCENE.lon + 0.01, SCENE.lat + 1000 * METRE_DEG];
  const route: GeoJSON.LineString = { type: 'LineString', coordinates: [east, corner, [SCENE.lon, SCENE.lat]] };
  const at = (lat: number, lon: number) => ({ ...fix(0), lat, lon });
  const far = remaining(order({ route }), at(SCENE.lat + 1000 * METRE_DEG, SCENE.lon + 0.01));
  expect(far?.straight).toBe(false);
  expect(far?.metres).toBeCloseTo(1000 + distance_m({ lat: SCENE.lat + 1000 * METRE_DEG, lon: SCENE.lon + 0.01 }, { lat: SCENE.lat + 1000 * METRE_DEG, lon: SCENE.lon }), -1);
  expect(remaining(order({ route }), fix(1000))?.metres).toBeCloseTo(1000, -1);
  expect(remaining(order({ route }), fix(-3000))).toMatchObject({ straight: true });
  expect(remaining(order(), fix(500))).toMatchObject({ straight: true });
  expect(remaining(order({ route }), null)).toBeNull();
});

test('a navigation link holds the place and nothing of the call', () => {
  expect(navigationLinks(SCENE)).toEqual({
    geo: 'geo:23.480000,120.450000?q=23.480000,120.450000',
    web: 'https://www.google.com/maps/dir/?api=1&travelmode=driving&destination=23.480000%2C120.450000',
  });
});
