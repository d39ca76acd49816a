// A table of figures: what is shown of it, and the same as a file. Pure, but for the words.
import { t } from '../text/language.svelte';
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
  /** Those heads whose columns are times: 7:05 to the eye; in the file seconds, which its head has to say. */
  seconds?: readonly string[];
  rows: readonly TableRow[];
}

export const NONE = '–';
export const cell = (value: string | number | null, shown: (value: never) => string = String, opens?: Asked): Cell => ({
  value,
  shown: value === null ? NONE : shown(value as never),
  ...(opens && { opens }),
});

/** p90（秒） */
export const inSeconds = (name: string) => t('kpi_in_seconds', { name });

const BYTE_ORDER_MARK = '\uFEFF';

/** CSV for a spreadsheet: UTF-8 with a byte order mark, so that Excel reads the Chinese; lines end with CR LF. */
export function csvOf({ heads, seconds = [], rows }: Table): string {
  const named = heads.map((head) => (seconds.includes(head) ? inSeconds(head) : head));
  const lines = [named, ...rows.map(({ head, cells }) => [head, ...cells].map(({ value }) => value))];
  return BYTE_ORDER_MARK + lines.map((line) => `${line.map(field).join(',')}\r\n`).join('');
}
