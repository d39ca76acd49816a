// Addresses: what one names and what names it are the same, and a wrong one names nothing.
import { expect, test } from 'vitest';
import { TEXTS } from '../text/texts';
import { addressOf, placeOf } from './address';
import { viewOfKey, VIEWS, viewsOf, type View } from './views';

test.each([
  { view: 'map', argument: '' },
  { view: 'statistics', argument: '北興 101/二' },
] as const)('an address leads back to its place: %o', (place) => {
  expect(placeOf(addressOf(place))).toEqual(place);
});

test.each(['', '#', '#/', '#/nowhere', '#/toString', '#map2'])('%s names no screen', (hash) => {
  expect(placeOf(hash)).toBeNull();
});

test('a broken argument opens the screen without it', () => {
  expect(placeOf('#/map/%E4%B')).toEqual({ view: 'map', argument: '' });
});

test('no two screens share a key, and each is open to somebody', () => {
  const screens = Object.values(VIEWS);
  const keys = screens.flatMap(({ key }) => key ?? []);
  expect(new Set(keys).size).toBe(keys.length);
  for (const { roles, title } of screens) {
    expect(roles.length).toBeGreaterThan(0);
    expect(title in TEXTS.en).toBe(true);
  }
});

test('each role begins at the first screen that it may see', () => {
  const first = (role: Parameters<typeof viewsOf>[0]): View | undefined => viewsOf(role)[0];
  expect(first('dispatcher')).toBe('map');
  expect(first('supervisor')).toBe('map');
  expect(first('auditor')).toBe('statistics');
  expect(first('officer')).toBeUndefined();
});

test('a key opens a screen for those alone who may see it', () => {
  expect(viewOfKey('KeyW', 'supervisor')).toBe('what_if');
  expect(viewOfKey('KeyW', 'dispatcher')).toBeNull();
  expect(viewOfKey(null, 'supervisor')).toBeNull();
});
