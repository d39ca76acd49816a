// Which key chooses which of a few: figures in the order they are shown, and for categories their English letter.
import type { Category } from '../api/types';
import { digit } from '../shell/keys';

export const LETTERS: Readonly<Record<Category, string>> = {
  criminal: 'C',
  public_order: 'P',
  traffic_accident: 'A',
  traffic: 'T',
  disaster: 'D',
  service: 'S',
  other: 'O',
};

/** The option that a key means; by position, so that it is the same while a Chinese input method is on. */
export function meant<T>(code: string, options: readonly { value: T; letter?: string }[]): T | null {
  const number = digit(code);
  const option = number ? options[number - 1] : options.find(({ letter }) => letter && code === `Key${letter}`);
  return option ? option.value : null;
}
