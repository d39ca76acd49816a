// Up and down through the lines that were entered.
import { expect, test } from 'vitest';
import { LineHistory } from './line_history';

test('older and newer, back to an empty line, and nothing beyond either end', () => {
  const lines = new LineHistory();
  for (const line of ['a 101 12', 'os 101', 'os 101']) lines.add(line);
  expect([lines.older(), lines.older(), lines.older()]).toEqual(['os 101', 'a 101 12', null]);
  expect(lines.browsing).toBe(true);
  expect([lines.newer(), lines.newer(), lines.newer()]).toEqual(['os 101', '', null]);
  expect(lines.browsing).toBe(false);
});

test('nothing is kept of whoever leaves', () => {
  const lines = new LineHistory();
  lines.add('n 0912345678 is the caller');
  lines.forget();
  expect(lines.older()).toBeNull();
});
