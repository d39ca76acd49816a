// The state behind the screen, the time now by the car's clock, and the way every press goes.
import { PressFailed, type CarBackend, type CarState } from './backend';
import { serverNow } from './reading';

const TICK_MS = 500;
/** So soon after the picture changed, a click was meant for what stood there before: a glove bounces. */
export const DEAD_MS = 700;

export class Car {
  state = $state.raw<CarState | null>(null);
  /** Whether the backend itself answers. */
  alive = $state(true);
  /** Why the last press was not taken; null where it was. */
  failure = $state.raw<PressFailed | null>(null);
  /** A press is on its way to the backend: its button must not be pressed twice. */
  busy = $state(false);
  /** SOS is held down: nothing may open over it. */
  holding = $state(false);
  /** Clicks are not taken just now. */
  dead = $state(false);
  private dead_timer: ReturnType<typeof setTimeout> | undefined;
  private since_ms = $state(0);
  private heard_ms = 0;

  constructor(readonly backend: CarBackend) {}

  /** By the car's clock, epoch milliseconds. */
  readonly now_ms = $derived((this.state?.clock_ms ?? Date.now()) + this.since_ms);
  /** By the server's, as well as the car knows it. */
  readonly server_ms = $derived(this.state ? serverNow(this.state) + this.since_ms : this.now_ms);

  begin(): () => void {
    const end = this.backend.watch((state, alive) => {
      this.alive = alive;
      if (state !== this.state) this.heard_ms = performance.now();
      this.state = state;
      this.tick();
    });
    const timer = setInterval(() => this.tick(), TICK_MS);
    return () => {
      end();
      clearInterval(timer);
    };
  }

  /** What stands under the finger is another now: a step was taken, a dialog opened or closed. */
  changed(): void {
    this.dead = true;
    clearTimeout(this.dead_timer);
    this.dead_timer = setTimeout(() => (this.dead = false), DEAD_MS);
  }

  /** For every click, before anybody else hears of it. A hold of SOS is no click. */
  guard = (event: Event): void => {
    if (!this.dead) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  private tick(): void {
    this.since_ms = this.state ? performance.now() - this.heard_ms : 0;
  }

  /** Carries a press out; what refuses it is shown until the next press. */
  async press(work: () => Promise<void>): Promise<boolean> {
    this.busy = true;
    try {
      await work();
      this.failure = null;
      return true;
    } catch (error) {
      if (!(error instanceof PressFailed)) throw error;
      this.failure = error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
