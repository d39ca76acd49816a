// A second call about the same thing is offered as such; one about something else is not.
import { expect, test } from 'vitest';
import type { Category, Incident } from '../api/types';
import { likelySame, metresBetween } from './same_incident';

const AT = { lat: 23.48, lon: 120.45 };
const NOW_MS = Date.parse('2026-11-25T03:00:00Z');
const METRE_DEG = 1 / 111_195;

function incident(number: string, metres: number, minutes: number, category: Category = 'criminal'): Incident {
  const received_at = new Date(NOW_MS - minutes * 60_000).toISOString();
  return { id: number, number, category, received_at, lat: AT.lat + metres * METRE_DEG, lon: AT.lon } as Incident;
}
const offered = (category: Category | null, ...incidents: Incident[]) =>
  likelySame(AT, category, NOW_MS, incidents).map(({ incident: { number } }) => number);

test('near and young ones of the same kind are offered, the likeliest first', () => {
  expect(offered('criminal', incident('far', 400, 5), incident('near', 30, 2), incident('old', 30, 30))).toEqual([
    'near',
    'old',
    'far',
  ]);
});

test('what is far away, long ago, or both a little and of another kind, is not', () => {
  expect(offered('criminal', incident('a', 700, 1), incident('b', 10, 60))).toEqual([]);
  expect(offered('criminal', incident('a', 300, 10, 'service'))).toEqual([]);
  expect(offered('criminal', incident('a', 300, 10, 'public_order'))).toEqual(['a']);
  expect(offered('criminal', incident('a', 50, 3, 'service'))).toEqual(['a']);
});

test('without a category, or with "other", only place and time count', () => {
  expect(offered(null, incident('a', 300, 10, 'service'))).toEqual(['a']);
  expect(offered('other', incident('a', 300, 10, 'service'))).toEqual(['a']);
});

test('it says how far and how old, and three are enough', () => {
  const [first] = likelySame(AT, 'criminal', NOW_MS, [incident('a', 120, 3)]);
  expect(first?.distance_m).toBeCloseTo(120, 0);
  expect(first?.age_s).toBe(180);
  expect(offered('criminal', ...[1, 2, 3, 4].map((n) => incident(String(n), 10, n)))).toEqual(['1', '2', '3']);
});

test('a call that came in before the incident was entered is as near in time', () => {
  expect(offered('criminal', incident('a', 10, -3))).toEqual(['a']);
  expect(metresBetween(AT, AT)).toBe(0);
});
