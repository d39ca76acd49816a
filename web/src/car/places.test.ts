// Distances, and when "到達？" is proposed: near, slow, and on the way; never by a vague position.
import { expect, test } from 'vitest';
import { anOrder } from '../test/car_samples';
import type { Fix, Order } from './backend';
import { distance_m, distanceWord, navigationLinks, opens, proposesArrival, remaining } from './places';

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

test('what was proposed does not flicker: it stays about the limits, and where the position is lost on the scene', () => {
  const about = [fix(55), fix(65), fix(55, { speed_mps: 1.5 }), fix(10, { accuracy_m: 100 }), null];
  expect(about.map((one) => proposesArrival(order(), one, true))).toEqual([true, true, true, true, true]);
  const gone = [fix(101), fix(10, { speed_mps: 4.2 })];
  expect(gone.map((one) => proposesArrival(order(), one, true))).toEqual([false, false]);
  expect(proposesArrival(order({ step: 'on_scene' }), null, true)).toBe(false);
});

test('the crew reads metres to ten, and kilometres to a tenth', () => {
  expect([4, 431, 994, 996, 12_340].map(distanceWord)).toEqual([
    { key: 'car_metres', value: '0' },
    { key: 'car_metres', value: '430' },
    { key: 'car_metres', value: '990' },
    { key: 'car_kilometres', value: '1.0' },
    { key: 'car_kilometres', value: '12.3' },
  ]);
});

test("no link leads out of the car's own browser without a way back", () => {
  const android = 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36';
  const kiosk = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36';
  expect(opens(kiosk, 'agent')).toEqual({ geo: false, web: false });
  expect(opens(android, 'agent')).toEqual({ geo: true, web: false });
  expect(opens(kiosk, undefined)).toEqual({ geo: false, web: true });
  expect(navigationLinks(SCENE, opens(kiosk, 'agent'))).toEqual({ geo: null, web: null });
});

test('a navigation link holds the place and nothing of the call', () => {
  expect(navigationLinks(SCENE, { geo: true, web: true })).toEqual({
    geo: 'geo:23.480000,120.450000?q=23.480000,120.450000',
    web: 'https://www.google.com/maps/dir/?api=1&travelmode=driving&destination=23.480000%2C120.450000',
  });
});
