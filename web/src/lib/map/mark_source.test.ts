// How often the map is told: at once of few marks, at a calm pace of many, and of what a hand did without waiting.
import type { Map as MapLibreMap } from 'maplibre-gl';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Mark } from './differences';
import { MarkSource, pace_ms } from './mark_source';

const told: unknown[] = [];
const map = {
  addSource: () => undefined,
  addLayer: () => undefined,
  getLayer: () => undefined,
  removeSource: () => undefined,
  getSource: () => ({ updateData: (change: unknown) => told.push(change) }),
} as unknown as MapLibreMap;
const marks = (count: number, lon: number) =>
  new Map(
    Array.from({ length: count }, (_, n): [string, Mark] => [
      `u${n}`,
      { geometry: { type: 'Point', coordinates: [lon, n] }, properties: {} },
    ]),
  );

vi.mock('./create_map', () => ({ slotId: (slot: string) => slot, takeAway: () => undefined }));
beforeEach(() => {
  vi.useFakeTimers();
  told.length = 0;
});
afterEach(() => vi.useRealTimers());

test('a small fleet is drawn with every picture', () => {
  const source = new MarkSource(map, 'units', 'units', []);
  source.show(marks(1, 1));
  vi.advanceTimersByTime(20);
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
  vi.advanceTimersByTime(pace_ms(600));
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({ update: expect.arrayContaining([{ id: 'u0', newGeometry: marks(1, 4).get('u0')?.geometry }]) });
});

test('what a hand did is drawn at once, and nothing after the end', () => {
  const source = new MarkSource(map, 'units', 'units', []);
  source.show(marks(600, 1));
  source.show(marks(600, 2), true);
  expect(told).toHaveLength(2);
  source.show(marks(600, 3));
  source.remove();
  vi.advanceTimersByTime(10_000);
  expect(told).toHaveLength(2);
});
