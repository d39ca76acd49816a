// The figures of the table: how each is written, which way is better, and what a paired difference tells.
import { percent, span } from '../time/format';
import type { Comparison, Estimate } from './types';

export const FIGURES = ['share', 'p90_s', 'mean_s', 'late_priority_1', 'utilisation', 'kilometres'] as const;
export type Figure = (typeof FIGURES)[number];
type Kind = 'share' | 'time' | 'km';

const KIND: Record<Figure, Kind> = {
  share: 'share',
  p90_s: 'time',
  mean_s: 'time',
  late_priority_1: 'share',
  utilisation: 'share',
  kilometres: 'km',
};
/** 1: more is better, -1: less is better, 0: neither by itself. */
const BETTER: Record<Figure, 1 | 0 | -1> = {
  share: 1,
  p90_s: -1,
  mean_s: -1,
  late_priority_1: -1,
  utilisation: 0,
  kilometres: 0,
};
export const NO_NUMBER = '–';

export type Verdict = 'better' | 'worse' | 'more' | 'less' | 'same' | 'unknown';

/** A difference is told where the whole interval lies on one side of nothing. */
export function verdict(figure: Figure, comparison: Comparison | undefined): Verdict {
  const { mean, low, high } = comparison?.difference ?? { mean: null, low: null, high: null };
  if (mean === null || low === null || high === null) return 'unknown';
  const side = low > 0 ? 1 : high < 0 ? -1 : 0;
  if (side === 0) return 'same';
  if (BETTER[figure] === 0) return side > 0 ? 'more' : 'less';
  return side === BETTER[figure] ? 'better' : 'worse';
}

const km = (value: number) => Math.round(value).toLocaleString('en');

function text(kind: Kind, value: number): string {
  if (kind === 'share') return percent(Math.min(Math.max(value, 0), 1));
  return kind === 'time' ? span(value) : `${km(Math.max(value, 0))} km`;
}

export const meanText = (figure: Figure, { mean }: Estimate) => (mean === null ? NO_NUMBER : text(KIND[figure], mean));

/** Kept within what the figure can be: no share below none, no time before the call. */
export const intervalText = (figure: Figure, { low, high }: Estimate) =>
  low === null || high === null ? NO_NUMBER : `${text(KIND[figure], low)} – ${text(KIND[figure], high)}`;

const signed = (value: number, written: string) => `${value < 0 ? '−' : '+'}${written}`;

/** A difference: shares in percentage points. */
export function changeText(figure: Figure, value: number): string {
  const size = Math.abs(value);
  switch (KIND[figure]) {
    case 'share':
      return signed(value, (size * 100).toFixed(1));
    case 'time':
      return signed(value, span(size));
    case 'km':
      return signed(value, km(size));
  }
}

export const unitOf = (figure: Figure) => KIND[figure];
