// Up, down, Home and End walk through the rows of the whole board; Enter is the row's own button.

const STEPS: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowDown: (at, last) => Math.min(at + 1, last),
  KeyJ: (at, last) => Math.min(at + 1, last),
  ArrowUp: (at) => Math.max(at - 1, 0),
  KeyK: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_at, last) => last,
};

export const ROW = 'data-row';

/** Moves the focus to the next row's button that `key` means; false where the key means none. `walked` is told. */
export function walk(key: string | null, within: HTMLElement, walked: () => void): boolean {
  const step = key === null ? undefined : STEPS[key];
  if (!step) return false;
  const rows = [...within.querySelectorAll<HTMLElement>(`[${ROW}]`)];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = rows[at < 0 ? 0 : step(at, rows.length - 1)];
  if (!next) return false;
  walked();
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
  return true;
}
