// Where the car's map looks, and whether it is day.
import { expect, test } from 'vitest';
import { anOrder } from '../test/car_samples';
import { bearingOf, wholeWay } from './map/follow';
import { isDay, nextChoice } from './day';

const fix = { time_ms: 0, lat: 23.5, lon: 120.4, speed_mps: 8, course_deg: 90 };

test('heading up turns with the course, keeps it where the car stands, and north up is north', () => {
  expect(bearingOf(fix, true, 0)).toBe(90);
  expect(bearingOf({ ...fix, speed_mps: 0.2, course_deg: 250 }, true, 90)).toBe(90);
  expect(bearingOf(null, true, 45)).toBe(45);
  expect(bearingOf(fix, false, 90)).toBe(0);
});

test('the whole way holds the car, the job and the route; with nothing known there is none', () => {
  const route: GeoJSON.LineString = { type: 'LineString', coordinates: [[120.4, 23.5], [120.6, 23.4]] };
  expect(wholeWay(anOrder('a', { route }), fix)).toEqual([
    [120.4, 23.4],
    [120.6, 23.5],
  ]);
  expect(wholeWay(null, null)).toBeNull();
});

test('it is day from 6 to 18 in Taipei, wherever the browser stands', () => {
  const taipei = (hour: number) => Date.UTC(2026, 10, 26, hour - 8);
  expect([5, 6, 12, 17, 18, 23].map((hour) => isDay(taipei(hour)))).toEqual([false, true, true, true, false, false]);
  expect([nextChoice('auto'), nextChoice('day'), nextChoice('night')]).toEqual(['day', 'night', 'auto']);
});
