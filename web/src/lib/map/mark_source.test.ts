// How often the map is told: at once after a pause, else at a calm pace, and of what a hand did without waiting.
import type { Map as MapLibreMap } from 'maplibre-gl';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Mark } from './differences';
import { MarkSource } from './mark_source';
import { PACE_MS } from './shared_source';

const told: unknown[] = [];
const newMap = () =>
  ({
    addSource: () => undefined,
    addLayer: () => undefined,
    getLayer: () => undefined,
    removeSource: () => undefined,
    getSource: () => ({ updateData: (change: unknown) => told.push(change) }),
  }) as unknown as MapLibreMap;
let map: MapLibreMap;
const marks = (count: number, lon: number) =>
  new Map(
    Array.from({ length: count }, (_, n): [string, Mark] => [
      `u${n}`,
      { geometry: { type: 'Point', coordinates: [lon, n] }, properties: {} },
    ]),
  );

vi.mock('./create_map', () => ({ slotId: (slot: string) => slot, takeAway: () => undefined, isRemoved: () => false }));
beforeEach(() => {
  vi.useFakeTimers();
  told.length = 0;
  map = newMap();
});
afterEach(() => vi.useRealTimers());

test('what comes after a pause is drawn at once', () => {
  const source = new MarkSource(map, 'units', 'units', []);
  source.show(marks(1, 1));
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(PACE_MS);
  source.show(marks(1, 2));
  expect(told).toHaveLength(2);
});

test('of six hundred the pictures of half a second become one, the last', () => {
  const source = new MarkSource(map, 'units', 'units', []);
  source.show(marks(600, 1));
  for (const lon of [2, 3, 4]) {
    vi.advanceTimersByTime(50);
    source.show(marks(600, lon));
  }
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(PACE_MS);
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({ update: expect.arrayContaining([{ id: 'units u0', newGeometry: marks(1, 4).get('u0')?.geometry }]) });
});

test('what a hand did is drawn at once, and after the end nothing but its going', () => {
  const source = new MarkSource(map, 'units', 'units', []);
  source.show(marks(600, 1));
  source.show(marks(600, 2), true);
  expect(told).toHaveLength(2);
  source.show(marks(600, 3));
  source.remove();
  expect(told[2]).toMatchObject({ add: [], update: [] });
  expect((told[2] as { remove: string[] }).remove).toHaveLength(600);
  source.show(marks(600, 4));
  vi.advanceTimersByTime(10_000);
  expect(told).toHaveLength(3);
});

test('all kinds of marks change in one step', () => {
  const units = new MarkSource(map, 'units', 'units', []);
  const ways = new MarkSource(map, 'routes', 'ways', []);
  units.show(marks(600, 1));
  ways.show(marks(5, 1));
  expect(told).toHaveLength(1);
  for (const lon of [2, 3, 4]) {
    vi.advanceTimersByTime(50);
    ways.show(marks(5, lon));
    units.show(marks(600, lon));
  }
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(PACE_MS);
  expect(told).toHaveLength(2);
  const { add, update } = told[1] as { add: { properties: { key: string } }[]; update: unknown[] };
  expect([add.map(({ properties }) => properties.key)[0], add.length, update.length]).toEqual(['routes u0', 5, 600]);
});

test('kinds whose marks bear the same name stay apart', () => {
  new MarkSource(map, 'units', 'units', []).show(marks(1, 1));
  new MarkSource(map, 'calls', 'calls', []).show(marks(1, 2));
  vi.advanceTimersByTime(PACE_MS);
  const keys = told.flatMap((change) => (change as { add: { properties: { key: string } }[] }).add);
  expect(keys.map(({ properties }) => properties.key)).toEqual(['units u0', 'calls u0']);
});
