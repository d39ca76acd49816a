// How exact a travel time is said to be.
import { expect, test } from 'vitest';
import { latePercent, roughEta } from './rough_eta';

test('minutes from two on, tens of seconds below, and a spread that is never none', () => {
  expect(roughEta(240, 49.5)).toEqual({ unit: 'minutes', value: 4, spread: 1 });
  expect(roughEta(905, 183)).toEqual({ unit: 'minutes', value: 15, spread: 3 });
  expect(roughEta(121, 12)).toEqual({ unit: 'minutes', value: 2, spread: 1 });
  expect(roughEta(74, 18)).toEqual({ unit: 'seconds', value: 70, spread: 20 });
  expect(roughEta(0, 3)).toEqual({ unit: 'seconds', value: 10, spread: 10 });
  expect(roughEta(240, null).spread).toBeNull();
});

test('a chance of being late is said above one in twenty', () => {
  expect([latePercent(0.05), latePercent(0.051), latePercent(1), latePercent(null), latePercent(undefined)]).toEqual([
    null,
    5,
    100,
    null,
    null,
  ]);
});
