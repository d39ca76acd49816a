// One ticking clock for the whole screen: the server's time, once a second, and a monotonic one for silences.
import { ServerOffset } from './offset';

const TICK_MS = 250;

class ServerTime {
  /** The server's time, ms since 1970, moved on once a second, so that all clocks on the screen turn together. */
  now_ms = $state.raw(Math.floor(Date.now() / 1000) * 1000);
  /** performance.now() at the last tick, four times a second. */
  tick_ms = $state.raw(performance.now());
  private readonly offset = new ServerOffset();
  /** Until the server was heard this machine's own clock has to do; from then on it may be wrong, or be set, as it likes. */
  private readonly wall_ms = Date.now() - performance.now();

  constructor() {
    setInterval(() => this.look(), TICK_MS);
  }

  hear(server_ms: number): void {
    this.offset.hear(server_ms, performance.now());
    this.look();
  }

  /** The server's time at this instant. */
  exact_ms(): number {
    return performance.now() + (this.offset.offset_ms ?? this.wall_ms);
  }

  /** Brings all clocks of the screen up to date; timers of a hidden page come late. */
  look(): void {
    this.tick_ms = performance.now();
    this.now_ms = Math.floor(this.exact_ms() / 1000) * 1000;
  }
}

export const serverTime = new ServerTime();
