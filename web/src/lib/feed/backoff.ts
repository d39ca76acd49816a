// How long to wait before the next try: doubling, with jitter, so that a hundred screens don't return at one instant.

const FIRST_MS = 250;
const LONGEST_MS = 8_000;

/** Wait in ms before try number `attempt` (0 is the first); `random` gives 0 ≤ r < 1. */
export function backoff_ms(attempt: number, random: () => number): number {
  const ceiling_ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.round(ceiling_ms / 2 + (ceiling_ms / 2) * random());
}
