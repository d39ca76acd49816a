// One figure as it is read: what was answered last, whether another answer is on its way, and why none came.
import { NoAnswer, Refusal } from '../api/problem';
import type { Asked } from './asked';
import { figuresFailure } from './asked_words';
import { read } from './requests';

const ASK_AGAIN_MS = 3_000;

/** How many figures of the page are on their way, those that are asked for again included, and how many will not come; what is
 *  read aloud follows from it. */
class Pending {
  count = $state(0);
  failed = $state(0);
  /** No state: what takes an effect back reads states as they were before. */
  readonly #waiting = new Set<object>();
  readonly #failed = new Set<object>();

  note(who: object, waits: boolean, failed = false): void {
    if (waits) this.#waiting.add(who);
    else this.#waiting.delete(who);
    if (failed) this.#failed.add(who);
    else this.#failed.delete(who);
    this.count = this.#waiting.size;
    this.failed = this.#failed.size;
  }
}
export const pending = new Pending();

export class Reading<T> {
  value = $state.raw<T | null>(null);
  failure = $state('');
  busy = $state(false);
  /** The question that is asked now, and the one that `value` answers; null: none. */
  #path = $state.raw<string | null>(null);
  #of = $state.raw<string | null>(null);
  #said: Asked | null = null;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Does the value answer what is asked now? While it does not, it is on its way out. */
  get fits(): boolean {
    return this.value !== null && this.#of === this.#path;
  }

  /** The answer to what is asked now; null while there is none. */
  get current(): T | null {
    return this.fits ? this.value : null;
  }

  /** What the value is of: an earlier question's names and links stay with its figures. */
  about(asked: Asked): Asked {
    return this.fits ? asked : (this.#said ?? asked);
  }

  /** Reads `path` (null: nothing to ask) until an answer or a refusal comes; gives what stops it. For an effect. */
  follow(path: string | null, asked: Asked | null = null): () => void {
    const number = ++this.#asked;
    this.#path = path;
    if (path === null) this.#clear();
    else void this.#read(path, asked, number);
    return () => {
      this.#asked += 1;
      clearTimeout(this.#timer);
      pending.note(this, false);
      this.busy = false;
    };
  }

  #clear(): void {
    this.value = this.#of = null;
    this.failure = '';
  }

  async #read(path: string, asked: Asked | null, number: number): Promise<void> {
    pending.note(this, true);
    this.busy = true;
    let passes = false;
    try {
      const answer = await read<T>(path);
      if (number !== this.#asked) return;
      this.value = answer;
      this.#of = path;
      this.#said = asked;
      this.failure = '';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number !== this.#asked) return;
      // Figures in preparation and a server that restarts come by themselves.
      passes = error instanceof NoAnswer || error.status === 503;
      if (passes) this.#timer = setTimeout(() => void this.#read(path, asked, number), ASK_AGAIN_MS);
      // Old figures must not stand under a new question.
      if (!passes || this.#of !== path) this.#clear();
      this.failure = figuresFailure(error);
    }
    if (number !== this.#asked) return;
    pending.note(this, passes, this.failure !== '' && !passes);
    this.busy = false;
  }
}
