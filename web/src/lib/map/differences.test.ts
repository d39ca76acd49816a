// The map is told what changed and nothing else.
import { expect, test } from 'vitest';
import { assignment, incident, position, unit } from '../../test/samples';
import { wayMarks } from './call_marks';
import { differences, type Mark } from './differences';
import { boxOf, extentOf } from './extent';
import { missingLetters } from './glyphs';
import { unitMark, type Words } from './unit_marks';

const mark = (lon: number, label = 'a'): Mark => ({
  geometry: { type: 'Point', coordinates: [lon, 23] },
  properties: { label, icon: 'x' },
});

test('nothing is told where nothing changed, even of marks made anew', () => {
  expect(differences(new Map([['u1', mark(120)]]), new Map([['u1', mark(120)]]))).toBeNull();
});

test('a move tells the place alone, a new word that word alone, and who left is removed', () => {
  const before = new Map([['moved', mark(1)], ['named', mark(2)], ['left', mark(3)], ['same', mark(4)]]);
  const after = new Map([['moved', mark(9)], ['named', mark(2, 'b')], ['same', mark(4)], ['came', mark(5)]]);
  expect(differences(before, after)).toEqual({
    add: [{ type: 'Feature', geometry: mark(5).geometry, properties: { label: 'a', icon: 'x', id: 'came' } }],
    update: [
      { id: 'moved', newGeometry: mark(9).geometry },
      { id: 'named', addOrUpdateProperties: [{ key: 'label', value: 'b' }] },
    ],
    remove: ['left'],
  });
});

const words: Words = { age: (seconds, freshness) => `${freshness} ${seconds}`, offline: 'offline' };
const NOW = Date.parse('2026-11-24T03:10:00Z');
const seen = (seconds: number, change = {}) => {
  const fixed_at = new Date(NOW - seconds * 1000).toISOString();
  return unitMark(unit('u1', { position: position(fixed_at), ...change }), NOW, false, words)?.properties;
};

test('a unit fades after 30 s with its age, and says after 5 min that its place is out of date', () => {
  expect(seen(30)).toMatchObject({ label: '北興u1', opacity: 1, moving: true, course_deg: 90 });
  expect(seen(31)).toMatchObject({ label: '北興u1\nstale 31', opacity: 0.6, moving: false });
  expect(seen(301)).toMatchObject({ label: '北興u1\noutdated 301', opacity: 0.4 });
  expect(seen(1, { connected: false })?.['label']).toBe('北興u1\noffline');
});

test('a unit whose place is unknown is not drawn anywhere', () => {
  expect(unitMark(unit('u1'), NOW, false, words)).toBeNull();
});

test('lines lead from units under way to their incident, none from those that are there or done', () => {
  const units = new Map(['u1', 'u2', 'u3'].map((id) => [id, unit(id, { position: position('2026-11-24T03:00:00Z') })]));
  const calls = [
    incident('i1', {
      assignments: [
        assignment('going', { unit_id: 'u1' }),
        assignment('there', { unit_id: 'u2', state: 'on_scene' }),
        assignment('done', { unit_id: 'u3', ended_at: '2026-11-24T03:00:00Z' }),
        assignment('unseen', { unit_id: 'u9' }),
      ],
    }),
  ];
  expect([...wayMarks(calls, units).keys()]).toEqual(['going']);
});

test('letters are asked for once each, and only those that no font piece was loaded for', () => {
  expect(missingLetters(['中山路', '中正路'], new Set(['路']))).toBe('中山正');
});

test('the first look is at the outline, else at the streets, else at the island', () => {
  const outline = { type: 'Polygon', coordinates: [[[1, 2], [3, 2], [3, 5], [1, 2]]] };
  expect(extentOf({ outline, extent: [9, 9, 9, 9] })).toEqual([1, 2, 3, 5]);
  expect(boxOf({ type: 'Feature', geometry: outline })).toEqual([1, 2, 3, 5]);
  expect(extentOf({ outline: null, extent: [7, 8, 9, 10] })).toEqual([7, 8, 9, 10]);
  expect(extentOf({ outline: null, extent: null })[0]).toBeCloseTo(119.9);
});
