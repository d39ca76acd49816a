// How wrong this phone's clock is, by what the server's said: the sample with the shortest way counts, and a clock is
// corrected only where it is farther off than the way of the answer can explain.
export interface Sample {
  /** Server's clock minus this one. */
  offset_ms: number;
  /** The way there and back: the offset is wrong by half of it at most. */
  rtt_ms: number;
  /** When it was learned, by this phone's clock. */
  learned_ms: number;
}

/** What is off by less is nobody's trouble. */
const RIGHT_WITHIN_MS = 2_000;
/** A sample from before a reload is believed for so long. */
const BELIEVED_MS = 24 * 3_600_000;
const CONFIRMED_EVERY_MS = 3_600_000;
/** Two samples that differ by more than their ways explain, and this: the clock was set in between. */
const SLACK_MS = 500;

const halfOf = ({ rtt_ms }: Sample) => rtt_ms / 2;

export class PhoneClock {
  private best: Sample | null = null;
  /** This clock minus one that nobody sets, when `best` was learned or taken up. */
  private base_ms = 0;

  constructor(
    private readonly wall = () => Date.now(),
    private readonly steady = () => performance.now(),
  ) {}

  /** Takes up what was learned before a reload; nothing where the clock was set back since, or it is too long ago. */
  recall(sample: Sample | undefined): void {
    const age_ms = this.wall() - (sample?.learned_ms ?? 0);
    if (!sample || age_ms < -RIGHT_WITHIN_MS || age_ms > BELIEVED_MS) return;
    this.take(sample);
  }

  /** An answer that told the server's time; gives the sample to be kept where it is a better one. */
  heard(asked_ms: number, took_ms: number, server_ms: number): Sample | null {
    const sample = { offset_ms: Math.round(server_ms - (asked_ms + took_ms / 2)), rtt_ms: Math.round(took_ms), learned_ms: asked_ms };
    const now = this.now();
    const differs = now === null ? Infinity : Math.abs(sample.offset_ms - now.offset_ms);
    const agrees = now !== null && differs <= halfOf(now) + halfOf(sample) + SLACK_MS;
    if (agrees && sample.rtt_ms >= now.rtt_ms && asked_ms - now.learned_ms < CONFIRMED_EVERY_MS) return null;
    // A longer way that says the same confirms the better sample.
    const better = agrees && sample.rtt_ms >= now.rtt_ms ? { ...now, learned_ms: asked_ms } : sample;
    this.take(better);
    return better;
  }

  /** Server's clock minus this one; null while the server has not answered. */
  get offset_ms(): number | null {
    return this.now()?.offset_ms ?? null;
  }

  /** What is to be added to this clock; 0 where it is right as far as anybody can tell. */
  get correction_ms(): number {
    const now = this.now();
    return now && Math.abs(now.offset_ms) > halfOf(now) + RIGHT_WITHIN_MS ? now.offset_ms : 0;
  }

  private take(sample: Sample): void {
    this.best = sample;
    this.base_ms = this.wall() - this.steady();
  }

  /** The best sample, as it holds for a clock that may have been set since, with no network to learn it by. */
  private now(): Sample | null {
    if (!this.best) return null;
    const set_by_ms = this.wall() - this.steady() - this.base_ms;
    if (Math.abs(set_by_ms) <= RIGHT_WITHIN_MS) return this.best;
    // The steady clock stands still while some phones sleep, so forward proves nothing, unless it is to the right time.
    const left_ms = this.best.offset_ms - set_by_ms;
    return set_by_ms < 0 || Math.abs(left_ms) <= halfOf(this.best) + RIGHT_WITHIN_MS ? { ...this.best, offset_ms: left_ms } : this.best;
  }
}
