// A result as a file: CSV for a spreadsheet (UTF-8 with a byte order mark, so that Excel reads the Chinese), or JSON.
import { FIGURES, verdict, type Figure, type Verdict } from './figures';
import type { WhatIf } from './types';

export interface Words {
  headings: readonly string[];
  figure: (figure: Figure) => string;
  verdict: (verdict: Verdict) => string;
}

const BYTE_ORDER_MARK = '\uFEFF';

/** One field. A text that a spreadsheet would take for a formula is made a text. */
export function field(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line for each figure of each variant, all digits. Times in seconds, shares from 0 to 1. */
export function csvOf(whatIf: WhatIf, words: Words): string {
  const lines: (string | number | null)[][] = [[...words.headings]];
  for (const variant of whatIf.result?.variants ?? []) {
    for (const figure of FIGURES) {
      const value = variant.summary[figure];
      const change = variant.against_first[figure];
      lines.push([
        whatIf.name,
        whatIf.seed,
        variant.name,
        words.figure(figure),
        value?.mean ?? null,
        value?.low ?? null,
        value?.high ?? null,
        value?.n ?? null,
        change?.difference.mean ?? null,
        change?.difference.low ?? null,
        change?.difference.high ?? null,
        change ? words.verdict(verdict(figure, change)) : null,
      ]);
    }
  }
  return BYTE_ORDER_MARK + lines.map((line) => `${line.map(field).join(',')}\r\n`).join('');
}

export const jsonOf = (whatIf: WhatIf) => `${JSON.stringify(whatIf, null, 1)}\n`;

/** A file name that every system takes. */
export const fileName = (name: string, ending: string) =>
  `${name.replace(/[\\/:*?"<>|\s]+/g, '-').slice(0, 80) || 'what-if'}.${ending}`;

export function save(name: string, type: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
