// Measured lines, and the choice of layers that is kept.
import { expect, test } from 'vitest';
import { AT_FIRST, readChoice } from './layer_choice';
import { along, measureMarks, metresBetween } from './measure';

const at = (lat: number, lon: number) => ({ lat, lon });

test('a degree of latitude is 111.2 km, and one of longitude is shorter the farther north', () => {
  expect(metresBetween(at(23, 120), at(24, 120))).toBeCloseTo(111_195, -1);
  expect(metresBetween(at(60, 120), at(60, 121))).toBeCloseTo(111_195 / 2, -2);
  expect(metresBetween(at(23, 120), at(23, 120))).toBe(0);
});

test('distances add up along the line', () => {
  const line = [at(23, 120), at(23.01, 120), at(23.01, 120.01)];
  const [first, second = 0, third = 0] = along(line);
  expect(first).toBe(0);
  expect(third).toBeCloseTo(second + metresBetween(at(23.01, 120), at(23.01, 120.01)), 6);
  expect(along([])).toEqual([]);
});

test('one point is no line; two are, with the distance at the second', () => {
  expect([...measureMarks([at(23, 120)]).keys()]).toEqual(['point-0']);
  const marks = measureMarks([at(23, 120), at(23.01, 120)]);
  expect(marks.get('line')?.geometry.coordinates).toEqual([[120, 23], [120, 23.01]]);
  expect(marks.get('point-1')?.properties['label']).toBe('1.11 km');
});

test('a kept choice is taken as far as it is known; what is unreadable is as at first', () => {
  expect(readChoice(null)).toEqual(AT_FIRST);
  expect(readChoice('{"jams":true,"streets":false,"of_old":true,"tiles":"yes"}')).toEqual({ ...AT_FIRST, jams: true, streets: false });
  expect(readChoice('[not json')).toEqual(AT_FIRST);
  expect(readChoice('null')).toEqual(AT_FIRST);
});
