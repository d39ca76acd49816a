// Rows under headings: by station, precinct, status or priority. Pure.
import type { Grouping } from './filter';

export interface Keys {
  readonly station: string | null;
  readonly precinct: string | null;
  readonly status: string;
  readonly priority: number | null;
}

export interface Group<T> {
  /** Empty where the rows are not grouped; `–` where they have none of what they are grouped by. */
  readonly key: string;
  readonly rows: readonly T[];
}

export const NONE = '–';

/** Infinity less Infinity is no number. */
const order = (one: number, other: number) => (one === other ? 0 : one - other);

/** The order of statuses is that of the work; everything else is by its name. */
export function grouped<T>(rows: readonly T[], by: Grouping, keysOf: (row: T) => Keys, statuses: readonly string[]): Group<T>[] {
  if (by === 'none') return rows.length ? [{ key: '', rows }] : [];
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const value = keysOf(row)[by];
    const key = value === null || value === '' ? NONE : String(value);
    const group = found.get(key);
    if (group) group.push(row);
    else found.set(key, [row]);
  }
  const place = (key: string) => (key === NONE ? Infinity : by === 'status' ? statuses.indexOf(key) : 0);
  return [...found]
    .map(([key, members]) => ({ key, rows: members }))
    .sort((one, other) => order(place(one.key), place(other.key)) || one.key.localeCompare(other.key, 'zh-Hant-TW', { numeric: true }));
}

export function countsOf<T>(rows: readonly T[], of: (row: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(of(row), (counts.get(of(row)) ?? 0) + 1);
  return counts;
}
