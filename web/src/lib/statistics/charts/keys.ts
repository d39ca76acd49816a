// Where a key leads among the marks of a chart. Pure.

export interface Laid {
  along: 'x' | 'y' | 'each';
  /** Of a grid, whose first row is at the top: so many marks stand in a row. */
  columns?: number;
  count: number;
}

/** Alt with an arrow goes back, Ctrl and Cmd scroll or move through words: those keys are the browser's. */
export const isBrowsers = ({ altKey, ctrlKey, metaKey }: Pick<KeyboardEvent, 'altKey' | 'ctrlKey' | 'metaKey'>) => altKey || ctrlKey || metaKey;

/** The mark after `at` (-1: none yet); the same where the chart ends; null: no key of charts. */
export function markAfter(key: string, at: number, { along, columns = 1, count }: Laid): number | null {
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  const down = along === 'each' ? columns : along === 'y' ? 1 : -1;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: down, ArrowUp: -down }[key];
  if (step === undefined) return null;
  if (at < 0) return 0;
  const next = at + step;
  const sameRow = along !== 'each' || Math.abs(step) !== 1 || Math.floor(next / columns) === Math.floor(at / columns);
  return next >= 0 && next < count && sameRow ? next : at;
}
