// The map is told what changed and nothing else.
import { expect, test } from 'vitest';
import { differences, type Mark } from './differences';
import { boxOf, extentOf } from './extent';
import { missingLetters } from './glyphs';

const mark = (lon: number, label = 'a'): Mark => ({
  geometry: { type: 'Point', coordinates: [lon, 23] },
  properties: { label, icon: 'x' },
});

test('nothing is told where nothing changed, even of marks made anew', () => {
  expect(differences(new Map([['u1', mark(120)]]), new Map([['u1', mark(120)]]), 'units')).toBeNull();
});

test('a move tells the place alone, a new word that word alone, and who left is removed', () => {
  const before = new Map([['moved', mark(1)], ['named', mark(2)], ['left', mark(3)], ['same', mark(4)]]);
  const after = new Map([['moved', mark(9)], ['named', mark(2, 'b')], ['same', mark(4)], ['came', mark(5)]]);
  expect(differences(before, after, 'units')).toEqual({
    add: [{ type: 'Feature', geometry: mark(5).geometry, properties: { label: 'a', icon: 'x', id: 'came', markKind: 'units', key: 'units came' } }],
    update: [
      { id: 'units moved', newGeometry: mark(9).geometry },
      { id: 'units named', addOrUpdateProperties: [{ key: 'label', value: 'b' }] },
    ],
    remove: ['units left'],
  });
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

test('lines are compared point by point', () => {
  const line = (...lons: number[]): Mark => ({
    geometry: { type: 'LineString', coordinates: lons.map((lon) => [lon, 23]) },
    properties: {},
  });
  const told = (before: Mark, after: Mark) => differences(new Map([['l', before]]), new Map([['l', after]]), 'ways');
  expect(told(line(1, 2, 3), line(1, 2, 3))).toBeNull();
  expect(told(line(1, 2, 3), line(1, 2))?.update).toHaveLength(1);
  expect(told(line(1, 2, 3), line(1, 2, 4))?.update).toHaveLength(1);
  expect(told(line(1, 2), mark(1))?.update).toHaveLength(1);
});

test('what a mark says of itself stays, beside what the source says of it', () => {
  const station: Mark = { geometry: { type: 'Point', coordinates: [120, 23] }, properties: { kind: 'precinct' } };
  const told = differences(new Map(), new Map([['s1', station]]), 'stations');
  expect(told?.add?.[0]?.properties).toEqual({ kind: 'precinct', id: 's1', markKind: 'stations', key: 'stations s1' });
});
