// How old the picture is, told by two clocks: the one that only rises stands still while a computer sleeps, the other
// one may be set. The greater span is believed: a picture that is called older than it is harms nobody.

export interface Instant {
  /** performance.now() */
  mono_ms: number;
  /** Date.now() */
  wall_ms: number;
}

export const now = (): Instant => ({ mono_ms: performance.now(), wall_ms: Date.now() });

/** Heartbeats come every second; at this age two are missing. Looked at four times a second: shown before 3 s. */
export const QUIET_MS = 2_200;

/** What the picture was at `at`, the moment it was last known to be whole, is `behind_ms` older than that moment. */
export interface Confirmed {
  at: Instant;
  behind_ms: number;
}

/** Age in ms; null where nothing was ever confirmed. */
export function ageOf(confirmed: Confirmed | null, at: Instant): number | null {
  if (!confirmed) return null;
  const passed_ms = Math.max(at.mono_ms - confirmed.at.mono_ms, at.wall_ms - confirmed.at.wall_ms, 0);
  return passed_ms + confirmed.behind_ms;
}
