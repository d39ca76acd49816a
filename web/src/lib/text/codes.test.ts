// Whatever the server may say by a code has words in both languages. The codes stand in docs/protocol.md, and tests on
// the server's side hold that page to the code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isTextKey } from './texts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/protocol.md'), 'utf8');
const codesIn = (text: string) => [...text.matchAll(/`(\w+)`/g)].flatMap(([, code]) => code ?? []);

function section(title: string): string {
  const found = new RegExp(`^## ${title}\\n(.*?)^#{1,2} `, 'ms').exec(PAGE);
  return found?.[1] ?? '';
}
const rows = (text: string) => text.split('\n').filter((line) => /^\| (?!-|:)/.test(line)).slice(1);
const cell = (row: string, column: number) => codesIn(row.split('|')[column] ?? '');

const events = rows(section('What the log knows')).flatMap((row) => cell(row, 2));
const alarms = rows(section('Alarms')).flatMap((row) => cell(row, 1));
const reasons = rows(section('Candidates')).flatMap((row) => cell(row, 1));
const between = (text: string, from: string, to: string) => codesIn(text.split(from)[1]?.split(to)[0] ?? '');
const incidents = section('Incidents');
const modes = between(section('The policy'), '(supervisor): ', 'in force');
const steps = between(incidents, 'An assignment is ', '`review`');
const endings = between(incidents, 'has the `end_reason` ', 'where the program');
const reviews = between(incidents, 'the press of the button beside the track: ', '`POST');
// The last row holds refusals without a name of their own: those are shown with what the server says.
const failures = rows(section('Problems')).flatMap((row) => cell(row, 1)).filter((code) => !['refused', 'error'].includes(code));
const STANDBY = readFileSync(join(import.meta.dirname, '../../../../docs/standby.md'), 'utf8');
const expiries = between(STANDBY, '| expired |', ' |\n');
const roles = between(incidents, '`role` is ', ', null');

test.each([
  ['event', events, 'policy_mode_changed'],
  ['alarm', alarms, 'second_unit'],
  ['reason', reasons, 'no_acknowledgement_before'],
  ['mode', modes, 'night'],
  ['step', steps, 'timed_out'],
  ['step', endings, 'replaced'],
  ['review', reviews, 'gps_gap'],
  ['need', roles, 'specialist'],
  ['standby_over', expiries, 'not_reached'],
  ['failure', failures, 'unit_busy'],
])('every code of the group %s has words: %o', (group, codes, one) => {
  expect(codes).toContain(one);
  expect(codes.filter((code) => !code.startsWith('lacks_') && !isTextKey(`${group}_${code}`))).toEqual([]);
});

test('what a unit lacks is named by its capability', () => {
  const capabilities = reasons.flatMap((code) => /^lacks_(\w+)$/.exec(code)?.[1] ?? []);
  expect(capabilities).toContain('accident');
  expect(isTextKey('reason_lacks')).toBe(true);
  expect(capabilities.filter((capability) => !isTextKey(`capability_${capability}`))).toEqual([]);
});
