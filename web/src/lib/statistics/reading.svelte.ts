// One figure as it is read: what was answered last, whether another answer is on its way, and why none came.
import { NoAnswer, Refusal } from '../api/problem';
import { failureText } from '../text/failure';
import { read } from './requests';

const ASK_AGAIN_MS = 3_000;

/** How many figures of the page are on their way; what is read aloud follows from it. */
class Pending {
  count = $state(0);
  /** No state: what takes an effect back reads states as they were before. */
  readonly #waiting = new Set<object>();

  note(who: object, waits: boolean): void {
    if (waits) this.#waiting.add(who);
    else this.#waiting.delete(who);
    this.count = this.#waiting.size;
  }
}
export const pending = new Pending();

export class Reading<T> {
  value = $state.raw<T | null>(null);
  failure = $state('');
  busy = $state(false);
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Reads `path` (null: nothing to ask) until an answer or a refusal comes; gives what stops it. For an effect. */
  follow(path: string | null): () => void {
    const number = ++this.#asked;
    if (path === null) this.value = null;
    else void this.#read(path, number);
    return () => {
      this.#asked += 1;
      clearTimeout(this.#timer);
      this.#wait(false);
    };
  }

  #wait(busy: boolean): void {
    pending.note(this, busy);
    this.busy = busy;
  }

  async #read(path: string, number: number): Promise<void> {
    this.#wait(true);
    try {
      const answer = await read<T>(path);
      if (number !== this.#asked) return;
      this.value = answer;
      this.failure = '';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number !== this.#asked) return;
      this.failure = failureText(error);
      // Figures in preparation and a server that restarts come by themselves.
      const passes = error instanceof NoAnswer || error.status === 503;
      if (passes) this.#timer = setTimeout(() => void this.#read(path, number), ASK_AGAIN_MS);
      else this.value = null;
    }
    if (number === this.#asked) this.#wait(false);
  }
}
