// What a suggestion says and how its arrow lies.
import { describe, expect, test } from 'vitest';
import { position, suggestion, unit } from '../../test/samples';
import { arrows, bearing_deg, inOrder, mainGain, minutes } from './suggestions';

describe('what a suggestion says', () => {
  test('the share where there is one worth telling, else the seconds', () => {
    expect(mainGain(suggestion('s', { gain_share: 0.062 }))).toEqual({ percent: 6 });
    expect(mainGain(suggestion('s', { gain_share: 0.005 }))).toEqual({ percent: 1 });
    expect(mainGain(suggestion('s', { gain_share: 0.0049, gain_s: 21.4 }))).toEqual({ seconds: 21 });
  });
  test('a drive of seconds is a minute', () => {
    expect([10, 89, 91, 240].map(minutes)).toEqual([1, 1, 2, 4]);
  });
  test('the oldest comes first, so that a line keeps its place', () => {
    const late = suggestion('a', { made_at: '2026-11-24T03:05:00Z' });
    const second = suggestion('b', { share_before: 0.66 });
    expect(inOrder([late, second, suggestion('d'), suggestion('c')]).map(({ id }) => id)).toEqual(['c', 'd', 'b', 'a']);
  });
});

describe('its arrow', () => {
  test('north, east, south and west', () => {
    const here = { lat: 23.48, lon: 120.45 };
    const to = (lat: number, lon: number) => bearing_deg(here, { lat: here.lat + lat, lon: here.lon + lon });
    expect([to(0.01, 0), to(0, 0.01), to(-0.01, 0), to(0, -0.01)]).toEqual([0, 90, 180, 270]);
  });
  test('leads from the unit to the post; of a unit that is nowhere there is none', () => {
    const units = new Map([['u1', unit('u1', { position: position('2026-11-24T03:00:00Z') })]]);
    const marks = arrows([suggestion('s'), suggestion('t', { unit_id: 'u2' })], units);
    expect([...marks.keys()]).toEqual(['s', 's tip']);
    expect(marks.get('s')?.geometry.coordinates).toEqual([
      [120.45, 23.48],
      [120.46, 23.49],
    ]);
    expect(marks.get('s tip')?.properties).toMatchObject({ label: '中山路/民族路口', course_deg: 43, asked: true });
  });
});
