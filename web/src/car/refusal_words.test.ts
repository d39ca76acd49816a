// Whatever refuses a press has words for the crew: the server's codes, the agent's, and those of enrolment.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isTextKey } from '../lib/text/texts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');
const wordless = (group: string, codes: (string | undefined)[]) => codes.filter((code) => !isTextKey(`${group}_${code}`));
const members = (path: string, name: string) => {
  const body = read(path).split(`class ${name}(StrEnum):`)[1]?.split('\nclass ')[0] ?? '';
  return [...body.matchAll(/^ {4}[A-Z_]+ = "(\w+)"/gm)].map(([, code]) => code);
};
const raised = (path: string, error: string) =>
  [...read(path).matchAll(new RegExp(`${error}\\(\\s*"(\\w+)"`, 'g'))].map(([, code]) => code);

test('every code with which the server refuses a press for good', () => {
  const codes = members('gateway/protocol.py', 'RejectedCode');
  expect(codes).toContain('bad_step');
  expect(wordless('car_refused', [...codes, 'unprocessable', 'other'])).toEqual([]);
});

test('every code with which the agent does not take one', () => {
  const steps = ['car', 'presses', 'screen'].flatMap((file) => raised(`vehicle_agent/${file}.py`, 'StepError'));
  const enrolment = [...raised('vehicle_agent/enrolment.py', 'EnrolError'), ...members('gateway/enrol_protocol.py', 'EnrolErrorCode')];
  expect(steps).toContain('unknown_assignment');
  expect(enrolment).toContain('not_a_code');
  expect(wordless('car_failed', [...steps, ...enrolment, 'no_agent', 'no_enrolment', 'no_such_notice', 'other'])).toEqual([]);
});
