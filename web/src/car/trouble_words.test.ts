// Whatever the agent may say is wrong has a sentence that says what to do; its codes stand in vehicle_agent/troubles.py.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isTextKey } from '../lib/text/texts';
import { REASONS_AWAY } from './backend';

const CODE = readFileSync(join(import.meta.dirname, '../../../vehicle_agent/troubles.py'), 'utf8');

test('every trouble of the agent has its sentence', () => {
  const codes = [...CODE.matchAll(/^ {4}[A-Z_]+ = "(\w+)"/gm)].map(([, code]) => code);
  expect(codes).toContain('journal_readonly');
  expect(codes.length).toBeGreaterThanOrEqual(9);
  expect(codes.filter((code) => !isTextKey(`car_trouble_${code}`))).toEqual([]);
});

test('every reason to be away has its words', () => {
  expect(REASONS_AWAY.filter((reason) => !isTextKey(`car_away_${reason}`))).toEqual([]);
});
