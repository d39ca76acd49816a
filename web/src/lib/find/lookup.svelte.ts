// A list of suggestions for a line that is being typed: asked for when typing pauses, the newest answer wins.
import { NoAnswer, Refusal } from '../api/problem';
import { failureText } from '../text/failure';

const PAUSE_MS = 120;

export class Lookup<T> {
  items = $state.raw<readonly T[]>([]);
  /** The one that Enter takes; -1 where none is. */
  active = $state(-1);
  open = $state(false);
  busy = $state(false);
  failure = $state('');
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ask: (text: string) => Promise<readonly T[]>) {}

  /** The line has changed. */
  type(text: string): void {
    clearTimeout(this.timer);
    this.failure = '';
    if (!text.trim()) return this.close();
    this.busy = true;
    this.timer = setTimeout(() => void this.now(text), PAUSE_MS);
  }

  /** Asks at once; gives the answer, or null where a newer question or a failure came in between. */
  async now(text: string): Promise<readonly T[] | null> {
    clearTimeout(this.timer);
    const number = ++this.asked;
    this.busy = true;
    try {
      const items = await this.ask(text);
      if (number !== this.asked) return null;
      this.items = items;
      this.active = items.length ? 0 : -1;
      this.open = true;
      return items;
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number === this.asked) {
        this.items = [];
        this.open = false;
        this.failure = failureText(error);
      }
      return null;
    } finally {
      if (number === this.asked) this.busy = false;
    }
  }

  move(steps: number): void {
    const count = this.items.length;
    if (!count) return;
    this.open = true;
    this.active = (this.active + steps + count) % count;
  }

  get chosen(): T | undefined {
    // What stands there while an answer is awaited belongs to an earlier line.
    return this.open && !this.busy ? this.items[this.active] : undefined;
  }

  /** Closes the list; what was asked and is not answered yet is no longer wanted. */
  close(): void {
    clearTimeout(this.timer);
    this.asked += 1;
    this.open = false;
    this.busy = false;
    this.items = [];
    this.active = -1;
  }
}
