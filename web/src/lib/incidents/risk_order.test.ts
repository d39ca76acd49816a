// The queue's order: the highest risk on top, steady where risks are alike, still while a hand is on it.
import { expect, test } from 'vitest';
import { assignment, dice, incident } from '../../test/samples';
import type { Lateness } from '../api/lateness';
import { reordered, riskOf, type Ranked } from './risk_order';

const AT = '2026-11-24T03:00:00Z';
const ranked = (risks: Record<string, number>): Ranked[] =>
  Object.entries(risks).map(([id, risk]) => ({ id, risk, received_at: AT }));
const late = (change: Partial<Lateness>): Lateness => ({
  incident_id: 'i1',
  late_chance: 0.5,
  expected_on_scene_at: null,
  by_unit_id: null,
  basis: 'under_way',
  risk: 4,
  ...change,
});

test('the highest risk comes first, and who waits longest among equals', () => {
  const waits: Ranked = { id: 'waits', risk: 2, received_at: '2026-11-24T02:00:00Z' };
  expect(reordered([], [...ranked({ low: 1, top: 8, equal: 2 }), waits], false)).toEqual(['top', 'waits', 'equal', 'low']);
});

test('a row passes another only when its risk is clearly higher, and then stays', () => {
  expect(reordered(['a', 'b'], ranked({ a: 1, b: 1.2 }), false)).toEqual(['a', 'b']);
  expect(reordered(['a', 'b'], ranked({ a: 1, b: 1.3 }), false)).toEqual(['b', 'a']);
  expect(reordered(['b', 'a'], ranked({ a: 1.1, b: 1 }), false)).toEqual(['b', 'a']);
});

test('under a hand nothing that stands there moves; a new call still comes in at its place', () => {
  const wanted = ranked({ a: 1, b: 9, fresh: 5 });
  expect(reordered(['a', 'b', 'gone'], wanted, true)).toEqual(['fresh', 'a', 'b']);
  expect(reordered(['fresh', 'a', 'b'], wanted, false)).toEqual(['b', 'fresh', 'a']);
});

test('whatever the risks: each row once, no row clearly above the one over it, and a second look changes nothing', () => {
  const random = dice(7);
  for (let round = 0; round < 200; round += 1) {
    const wanted = Array.from({ length: 12 }, (_, n) => ({ id: `i${n}`, risk: random() < 0.2 ? 0 : random() * 9, received_at: AT }));
    const shown = wanted.filter(() => random() < 0.7).map(({ id }) => id);
    const order = reordered(shown, wanted, false);
    expect([...order].sort()).toEqual(wanted.map(({ id }) => id).sort());
    const settled = reordered(order, wanted, false);
    const risk = new Map(wanted.map((item) => [item.id, item.risk]));
    settled.slice(1).forEach((id, n) => {
      expect(risk.get(id) ?? 0).toBeLessThanOrEqual((risk.get(settled[n] ?? '') ?? 0) * 1.25);
    });
    expect(reordered(settled, wanted, false)).toEqual(settled);
  }
});

test('what somebody reached asks for nothing; a new incident has its place before the server has spoken of it', () => {
  expect(riskOf(incident('a', { on_scene_at: AT }), late({}))).toBe(0);
  expect(riskOf(incident('a'), late({ risk: 4 }))).toBe(4);
  const alone = riskOf(incident('a', { priority: 1 }), undefined);
  const served = riskOf(incident('a', { priority: 1, assignments: [assignment('x')] }), undefined);
  expect(alone).toBeGreaterThan(served);
  expect(served).toBeGreaterThan(riskOf(incident('a', { priority: 2 }), undefined) / 3);
});
