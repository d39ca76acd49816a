// What a heading of the board says: the code of a status or a priority in words, a name as it is.
import { named, t } from '../text/language.svelte';
import type { Grouping } from './filter';
import { NONE } from './groups';

/** `none`: what it says of rows that have none of what they are grouped by, where that is a status. */
export function groupWords(by: Grouping, key: string, none: string): string {
  if (key === NONE) return by === 'status' ? none : t('board_without');
  if (by === 'status') return named('status', key);
  return by === 'priority' ? named('priority', key) : key;
}
