// The chance to be late of all open incidents, asked for while a screen shows it: every few seconds, and soon after
// something changed. One asking, however many lists look.
import { lateness as readLateness, type Lateness } from '../api/lateness';
import { NoAnswer, Refusal } from '../api/problem';
import { live } from '../feed/live.svelte';
import { failureText } from '../text/failure';

const EVERY_MS = 4_000;
/** Several events at once are one asking. */
const SOON_MS = 400;

class AllLateness {
  byId = $state.raw<ReadonlyMap<string, Lateness>>(new Map());
  failure = $state('');
  private watchers = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due_ms = Infinity;
  private asked = 0;
  private deaf: () => void = () => undefined;

  /** Asks from now on; gives the function that ends it. */
  watch(): () => void {
    this.watchers += 1;
    if (this.watchers === 1) {
      this.deaf = live.onEvent((_event, message) => {
        if (message.incidents.length || message.units.length) this.plan(SOON_MS);
      });
      void this.ask();
    }
    return () => {
      this.watchers -= 1;
      if (this.watchers) return;
      this.deaf();
      clearTimeout(this.timer);
      this.due_ms = Infinity;
    };
  }

  /** Asks after so long, or when it was going to anyhow: events that never cease must not put it off for ever. */
  private plan(after_ms: number): void {
    const due_ms = performance.now() + after_ms;
    if (due_ms >= this.due_ms) return;
    this.due_ms = due_ms;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), after_ms);
  }

  private async ask(): Promise<void> {
    const number = ++this.asked;
    this.due_ms = Infinity;
    this.plan(EVERY_MS);
    try {
      const { items } = await readLateness();
      if (number !== this.asked) return;
      this.byId = new Map(items.map((item) => [item.incident_id, item]));
      this.failure = '';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number !== this.asked) return;
      // An old chance is worse than none: it would say "in time" of a call that is late by now.
      this.byId = new Map();
      this.failure = failureText(error);
    }
  }
}

export const allLateness = new AllLateness();
