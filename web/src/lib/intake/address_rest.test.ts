// Floor and room survive the choice of a place.
import { expect, test } from 'vitest';
import { afterHouseNumber } from './address_rest';

test.each([
  ['中山路100號3樓之2', '3樓之2'],
  ['中山路１００號 ５樓', '5樓'],
  ['中山路100號', ''],
  ['中山路100號之3', ''],
  ['中山路與民族路口', ''],
  ['', ''],
])('%s leaves %j', (typed, rest) => expect(afterHouseNumber(typed)).toBe(rest));
