// What comes in pages, as it is asked for: rows of the ledger, reviews, journeys behind an ETA's figure.
import { NoAnswer, Refusal } from '../api/problem';
import { failureText } from '../text/failure';
import { pending } from './reading.svelte';
import { read } from './requests';

const ASK_AGAIN_MS = 3_000;

interface Page {
  items: readonly unknown[];
  next_cursor: string | null;
}

export class Paged<P extends Page> {
  /** The newest page, for what it says of all rows. */
  page = $state.raw<P | null>(null);
  rows = $state.raw<readonly P['items'][number][] | null>(null);
  failure = $state('');
  busy = $state(false);
  more = $state(false);
  #cursor: string | null = null;
  #path = '';
  /** The question that the rows answer. */
  #of: string | null = null;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The first page; gives what stops it. For an effect. */
  follow(path: string | null): () => void {
    this.#path = path ?? '';
    this.#cursor = null;
    if (path === null) this.#clear();
    else void this.#read([], ++this.#asked);
    return () => {
      this.#asked += 1;
      clearTimeout(this.#timer);
      this.#wait(false);
    };
  }

  next(): void {
    if (!this.more || this.busy) return;
    clearTimeout(this.#timer);
    void this.#read(this.rows ?? [], ++this.#asked);
  }

  #wait(busy: boolean): void {
    pending.note(this, busy);
    this.busy = busy;
  }

  #clear(): void {
    this.rows = this.page = this.#of = null;
    this.more = false;
    this.failure = '';
  }

  async #read(before: readonly P['items'][number][], number: number): Promise<void> {
    if (number !== this.#asked) return;
    this.#wait(true);
    const cursor = this.#cursor === null ? '' : `&${new URLSearchParams({ cursor: this.#cursor }).toString()}`;
    try {
      const page = await read<P>(`${this.#path}${cursor}`);
      if (number !== this.#asked) return;
      this.page = page;
      this.rows = [...before, ...page.items];
      this.#of = this.#path;
      this.#cursor = page.next_cursor;
      this.more = page.next_cursor !== null;
      this.failure = '';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number !== this.#asked) return;
      const passes = error instanceof NoAnswer || error.status === 503;
      if (passes) this.#timer = setTimeout(() => void this.#read(before, number), ASK_AGAIN_MS);
      // Old rows must not stand under a new question.
      if (this.#of !== this.#path) this.#clear();
      this.failure = failureText(error);
    }
    if (number === this.#asked) this.#wait(false);
  }
}
