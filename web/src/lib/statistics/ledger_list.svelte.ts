// The rows of the ledger as they are asked for, page after page.
import { NoAnswer, Refusal } from '../api/problem';
import { failureText } from '../text/failure';
import { pending } from './reading.svelte';
import { read, type LedgerPage, type LedgerRow, type LedgerTotals } from './requests';

const ASK_AGAIN_MS = 3_000;

export class LedgerList {
  totals = $state.raw<LedgerTotals | null>(null);
  rows = $state.raw<readonly LedgerRow[] | null>(null);
  failure = $state('');
  busy = $state(false);
  more = $state(false);
  #cursor: string | null = null;
  #path = '';
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The first page; gives what stops it. For an effect. */
  follow(path: string | null): () => void {
    this.#path = path ?? '';
    this.#cursor = null;
    if (path === null) this.rows = this.totals = null;
    else void this.#read([], ++this.#asked);
    return () => {
      this.#asked += 1;
      clearTimeout(this.#timer);
      this.#wait(false);
    };
  }

  next(): void {
    if (this.more && !this.busy) void this.#read(this.rows ?? [], ++this.#asked);
  }

  #wait(busy: boolean): void {
    pending.note(this, busy);
    this.busy = busy;
  }

  async #read(before: readonly LedgerRow[], number: number): Promise<void> {
    this.#wait(true);
    const cursor = this.#cursor === null ? '' : `&${new URLSearchParams({ cursor: this.#cursor }).toString()}`;
    try {
      const page = await read<LedgerPage>(`${this.#path}${cursor}`);
      if (number !== this.#asked) return;
      this.totals = page.totals;
      this.rows = [...before, ...page.items];
      this.#cursor = page.next_cursor;
      this.more = page.next_cursor !== null;
      this.failure = '';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number !== this.#asked) return;
      this.failure = failureText(error);
      const passes = error instanceof NoAnswer || error.status === 503;
      if (passes) this.#timer = setTimeout(() => void this.#read(before, number), ASK_AGAIN_MS);
    }
    if (number === this.#asked) this.#wait(false);
  }
}
