// A table of figures: what is shown of it, and the same as a file. Pure.
import { field } from '../what_if/export';
import type { Asked } from './asked';

export interface Cell {
  /** With all its digits, for the file. */
  value: string | number | null;
  shown: string;
  /** The incidents that it counts. */
  opens?: Asked | null;
  strong?: boolean;
}

export interface TableRow {
  key: string;
  head: Cell;
  cells: readonly Cell[];
}

export interface Table {
  heads: readonly string[];
  rows: readonly TableRow[];
}

export const NONE = '–';
export const cell = (value: string | number | null, shown: (value: never) => string = String, opens?: Asked): Cell => ({
  value,
  shown: value === null ? NONE : shown(value as never),
  ...(opens && { opens }),
});

const BYTE_ORDER_MARK = '\uFEFF';

/** CSV for a spreadsheet: UTF-8 with a byte order mark, so that Excel reads the Chinese; lines end with CR LF. */
export function csvOf({ heads, rows }: Table): string {
  const lines = [heads, ...rows.map(({ head, cells }) => [head, ...cells].map(({ value }) => value))];
  return BYTE_ORDER_MARK + lines.map((line) => `${line.map(field).join(',')}\r\n`).join('');
}
