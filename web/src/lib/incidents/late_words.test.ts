// The words of the chance to be late.
import { expect, test } from 'vitest';
import { lateSaying } from './late_words';

test.each([
  [0, 'in_time', 0],
  [0.094, 'in_time', 9],
  [0.096, 'at_risk', 10],
  [0.5, 'likely', 50],
  [1, 'likely', 99],
] as const)('a chance of %s is %s, %s per cent', (late_chance, word, percent) => {
  expect(lateSaying({ basis: 'under_way', late_chance }, false)).toEqual({ word, percent });
});

test('past the target it is late whoever comes; what nobody can tell is said so; what was reached needs no word', () => {
  expect(lateSaying({ basis: 'under_way', late_chance: null }, true)?.word).toBe('late');
  expect(lateSaying({ basis: 'under_way', late_chance: null }, false)).toEqual({ word: 'unknown', percent: null });
  expect(lateSaying({ basis: 'nobody', late_chance: 1 }, false)?.word).toBe('nobody');
  expect(lateSaying({ basis: 'reached', late_chance: 1 }, true)).toBeNull();
});
