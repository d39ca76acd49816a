// One key chooses a category.
import { expect, test } from 'vitest';
import { CATEGORIES } from './call_draft';
import { LETTERS, meant } from './category_keys';

const OPTIONS = CATEGORIES.map((value) => ({ value, letter: LETTERS[value] }));

test('each category has a letter of its own and its figure', () => {
  expect(new Set(Object.values(LETTERS)).size).toBe(CATEGORIES.length);
  CATEGORIES.forEach((category, at) => {
    expect(meant(`Key${LETTERS[category]}`, OPTIONS)).toBe(category);
    expect(meant(`Digit${at + 1}`, OPTIONS)).toBe(category);
    expect(meant(`Numpad${at + 1}`, OPTIONS)).toBe(category);
  });
});

test('other keys choose nothing', () => {
  for (const code of ['Digit8', 'Digit0', 'KeyX', 'Enter', 'Tab', '']) expect(meant(code, OPTIONS)).toBeNull();
  expect(meant('KeyC', [{ value: 1 }])).toBeNull();
});
