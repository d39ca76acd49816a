// Arrows go where they point, and stay where the chart ends.
import { expect, test } from 'vitest';
import { isBrowsers, markAfter } from './keys';

const week = { along: 'each', columns: 24, count: 168 } as const;
const MONDAY_8 = 8;

test.each([
  ['ArrowDown', MONDAY_8, 32],
  ['ArrowUp', 32, MONDAY_8],
  ['ArrowUp', MONDAY_8, MONDAY_8],
  ['ArrowDown', 6 * 24, 6 * 24],
  ['ArrowRight', 23, 23],
  ['ArrowLeft', 24, 24],
  ['ArrowRight', 22, 23],
  ['ArrowRight', -1, 0],
  ['Home', 50, 0],
  ['End', 50, 167],
  ['x', 50, null],
])('in the week, %s from %i: %o', (key, at, expected) => {
  expect(markAfter(key, at, week)).toBe(expected);
});

test('in bars one below the other, down is the next; in upright ones right and up are', () => {
  const lying = { along: 'y', count: 3 } as const;
  const upright = { along: 'x', count: 3 } as const;
  expect(['ArrowDown', 'ArrowRight', 'ArrowUp', 'ArrowLeft'].map((key) => markAfter(key, 1, lying))).toEqual([2, 2, 0, 0]);
  expect(['ArrowDown', 'ArrowRight', 'ArrowUp', 'ArrowLeft'].map((key) => markAfter(key, 1, upright))).toEqual([0, 2, 2, 0]);
  expect(markAfter('ArrowDown', 2, lying)).toBe(2);
});

test('with Alt, Ctrl or Cmd an arrow is the browser\'s', () => {
  const held = { altKey: false, ctrlKey: false, metaKey: false };
  expect([held, { ...held, altKey: true }, { ...held, ctrlKey: true }, { ...held, metaKey: true }].map(isBrowsers)).toEqual([false, true, true, true]);
});
