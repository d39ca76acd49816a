// A travel time as exact as it is: whole minutes with their spread, tens of seconds where it is short.

/** Below this, minutes would be too coarse to tell one unit from another. */
const SHORT_S = 120;
const TEN_S = 10;
const MINUTE_S = 60;
/** A smaller chance of being late is not worth a dispatcher's eye. */
const WORTH_SAYING = 0.05;

export interface RoughEta {
  unit: 'minutes' | 'seconds';
  value: number;
  /** Standard deviation, never shown as none; null where the server gave none. */
  spread: number | null;
}

export function roughEta(eta_s: number, spread_s: number | null | undefined): RoughEta {
  const short = eta_s < SHORT_S;
  const step_s = short ? TEN_S : MINUTE_S;
  const steps = (seconds: number) => Math.max(1, Math.round(seconds / step_s)) * (short ? TEN_S : 1);
  return { unit: short ? 'seconds' : 'minutes', value: steps(eta_s), spread: spread_s == null ? null : steps(spread_s) };
}

/** Per cent, or null where it is not worth saying. */
export const latePercent = (chance: number | null | undefined): number | null =>
  chance != null && chance > WORTH_SAYING ? Math.round(chance * 100) : null;
