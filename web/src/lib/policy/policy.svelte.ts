// Who sends by itself, and how the decisions fare: read at the start, when somebody changes the mode, and every minute.
import { policy as readPolicy, setMode } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import type { Mode, Policy } from '../api/types';
import { live } from '../feed/live.svelte';
import { failureText } from '../text/failure';

/** What no event tells: the hour has come round in the mode `night`, a decision fell back. */
const EVERY_MS = 60_000;
const ASK_AGAIN_MS = 5_000;

class PolicyNow {
  known = $state.raw<Policy | null>(null);
  busy = $state(false);
  failure = $state('');
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;

  /** Reads until the function that it gives is called. */
  watch(): () => void {
    void this.read();
    const deaf = live.onEvent(({ kind }) => {
      if (kind === 'policy_mode_changed') void this.read();
    });
    return () => {
      deaf();
      this.asked += 1;
      clearTimeout(this.timer);
    };
  }

  async read(): Promise<void> {
    const number = ++this.asked;
    clearTimeout(this.timer);
    let again_ms = EVERY_MS;
    try {
      const answer = await readPolicy();
      if (number === this.asked) this.known = answer;
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      // The feed's own banner says that the server is silent; here the mode is simply not known any more.
      if (number === this.asked) this.known = null;
      again_ms = ASK_AGAIN_MS;
    }
    if (number === this.asked) this.timer = setTimeout(() => void this.read(), again_ms);
  }

  /** True where it is in force now. */
  async change(mode: Mode): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.failure = '';
    try {
      this.known = await setMode(mode);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      this.failure = failureText(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

export const policyNow = new PolicyNow();
