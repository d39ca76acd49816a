// What comes in pages, as it is asked for: rows of the ledger, reviews, journeys behind an ETA's figure.
import { untrack } from 'svelte';
import { NoAnswer, Refusal } from '../api/problem';
import type { Asked } from './asked';
import { figuresFailure } from './asked_words';
import { pending } from './reading.svelte';
import { read } from './requests';

const ASK_AGAIN_MS = 3_000;

interface Page {
  items: readonly unknown[];
  next_cursor: string | null;
}

type Rows<P extends Page> = readonly P['items'][number][];

/** To read on after `before` from the cursor, one page at least, until there are `goal` rows. */
interface Wish<P extends Page> {
  readonly path: string;
  readonly asked: Asked | null;
  readonly before: Rows<P>;
  readonly cursor: string | null;
  readonly goal: number;
}

export class Paged<P extends Page> {
  /** The newest page, for what it says of all rows. */
  page = $state.raw<P | null>(null);
  rows = $state.raw<Rows<P> | null>(null);
  failure = $state('');
  busy = $state(false);
  /** What follows the rows; null: nothing does. */
  #cursor = $state.raw<string | null>(null);
  /** The question that is asked now, and the one that the rows answer; null: none. */
  #path = $state.raw<string | null>(null);
  #of = $state.raw<string | null>(null);
  #said: Asked | null = null;
  /** The rows are to be read anew from the first one, and were not yet. */
  #anew = false;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `count`: so many rows at least are read at first, as there were when the page was left. */
  constructor(private count = 0) {}

  get more(): boolean {
    return this.#cursor !== null;
  }

  /** What the rows are of: an earlier question's names and links stay with them. */
  about(asked: Asked): Asked {
    return this.rows !== null && this.#of === this.#path ? asked : (this.#said ?? asked);
  }

  /** The first page, and of the same question as many more as there were; gives what stops it. For an effect. */
  follow(path: string | null, asked: Asked | null = null): () => void {
    const again = untrack(() => (path === this.#of ? (this.rows?.length ?? 0) : 0));
    this.#path = path;
    this.#anew = true;
    if (path === null) this.#clear();
    else void this.#read({ path, asked, before: [], cursor: null, goal: Math.max(again, this.count) }, ++this.#asked);
    return () => {
      this.#asked += 1;
      clearTimeout(this.#timer);
      pending.note(this, false);
      this.busy = false;
    };
  }

  next(): void {
    const path = this.#path;
    if (!this.more || this.busy || path === null) return;
    clearTimeout(this.#timer);
    const before = this.rows ?? [];
    // What follows old rows does not follow new ones.
    const from = this.#anew ? { before: [], cursor: null, goal: before.length + 1 } : { before, cursor: this.#cursor, goal: 0 };
    void this.#read({ path, asked: this.#said, ...from }, ++this.#asked);
  }

  #clear(): void {
    this.rows = this.page = this.#of = this.#cursor = null;
    this.failure = '';
  }

  async #read(wish: Wish<P>, number: number): Promise<void> {
    if (number !== this.#asked) return;
    pending.note(this, true);
    this.busy = true;
    let passes = false;
    let { before: rows, cursor } = wish;
    try {
      let page: P;
      do {
        page = await read<P>(`${wish.path}${cursor === null ? '' : `&${new URLSearchParams({ cursor }).toString()}`}`);
        if (number !== this.#asked) return;
        rows = [...rows, ...page.items];
        cursor = page.next_cursor;
      } while (cursor !== null && rows.length < wish.goal);
      this.page = page;
      this.rows = rows;
      this.#cursor = cursor;
      this.#of = wish.path;
      this.#said = wish.asked;
      this.#anew = false;
      this.count = 0;
      this.failure = '';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number !== this.#asked) return;
      passes = error instanceof NoAnswer || error.status === 503;
      if (passes) this.#timer = setTimeout(() => void this.#read(wish, number), ASK_AGAIN_MS);
      // Old rows must not stand under a new question.
      if (this.#of !== wish.path) this.#clear();
      this.failure = figuresFailure(error);
    }
    if (number !== this.#asked) return;
    pending.note(this, passes, this.failure !== '' && !passes);
    this.busy = false;
  }
}
