// Streets that are loaded while a desk is open come to it without a reload, and are read once each.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const asked: string[] = [];
let map: object | null = null;
let silent = false;
vi.mock('../api/calls', () => ({
  bureau: async () => {
    asked.push('bureau');
    const { NoAnswer } = await import('../api/problem');
    if (silent) throw new NoAnswer();
    return { name: 'chiayi', map };
  },
  streets: async () => {
    asked.push('streets');
    return { type: 'FeatureCollection', features: [], of: map };
  },
}));
const { facts } = await import('./bureau.svelte');

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());
const times = (what: string) => asked.filter((one) => one === what).length;

test('streets come when they are loaded, and again when others are', async () => {
  const stop = facts.load();
  await vi.advanceTimersByTimeAsync(0);
  const first = facts.bureau;
  expect([first?.map, facts.streets]).toEqual([null, null]);
  map = { map_id: 1 };
  await vi.advanceTimersByTimeAsync(5_000);
  expect(facts.streets).toMatchObject({ of: { map_id: 1 } });
  const loaded = facts.bureau;
  silent = true;
  await vi.advanceTimersByTimeAsync(60_000);
  silent = false;
  await vi.advanceTimersByTimeAsync(65_000);
  expect(facts.bureau, 'the same answer is no news').toBe(loaded);
  expect(times('streets')).toBe(1);
  map = { map_id: 2 };
  await vi.advanceTimersByTimeAsync(60_000);
  expect(facts.streets).toMatchObject({ of: { map_id: 2 } });
  stop();
  const before = times('bureau');
  await vi.advanceTimersByTimeAsync(300_000);
  expect(times('bureau')).toBe(before);
});
