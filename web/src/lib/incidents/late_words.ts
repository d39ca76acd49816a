// What the chance to be late is called: a word and a figure, so that no colour has to say it.
import type { Lateness } from '../api/lateness';

export type LateWord = 'in_time' | 'at_risk' | 'likely' | 'late' | 'nobody' | 'unknown';

/** From here on it deserves a second look; from the second on it is more likely late than not. */
const AT_RISK_PCT = 10;
const LIKELY_PCT = 50;

export interface LateSaying {
  readonly word: LateWord;
  /** Whole per cent; null where the word says it all. */
  readonly percent: number | null;
}

/** `is_past`: the target has passed. Null where there is nothing to say: somebody was there. */
export function lateSaying({ basis, late_chance }: Pick<Lateness, 'basis' | 'late_chance'>, is_past: boolean): LateSaying | null {
  if (basis === 'reached') return null;
  if (is_past) return { word: 'late', percent: null };
  if (basis === 'nobody') return { word: 'nobody', percent: null };
  if (late_chance === null) return { word: 'unknown', percent: null };
  // Before the target nothing is certain. The word goes by the figure that is shown beside it.
  const percent = Math.min(99, Math.round(late_chance * 100));
  const word = percent >= LIKELY_PCT ? 'likely' : percent >= AT_RISK_PCT ? 'at_risk' : 'in_time';
  return { word, percent };
}
