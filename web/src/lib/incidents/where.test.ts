import { expect, test } from 'vitest';
import { place } from '../time/format';
import { whereOf, whereOfAll } from './where';

test('an imported incident without a place is nowhere, and no map is asked to show it', () => {
  const at = { lat: 23.48, lon: 120.45 };
  expect([whereOf(at), whereOfAll(at), place(at)]).toEqual([at, [at], '23.48000, 120.45000']);
  const nowhere = { lat: null, lon: null };
  expect([whereOf(nowhere), whereOfAll(nowhere), whereOfAll(undefined), place(nowhere)]).toEqual([null, [], [], '–']);
});
