// Candidates, read again while somebody looks at them: units move and get other work.
import { NoAnswer, Refusal } from '../api/problem';
import type { Candidate } from '../api/types';
import { live } from '../feed/live.svelte';
import { failureText } from '../text/failure';

const EVERY_MS = 10_000;
/** After an event that touched a unit; several at once are one reading. */
const SOON_MS = 600;

export class CandidateQuery {
  items = $state.raw<Candidate[] | null>(null);
  failure = $state('');
  private read: (() => Promise<Candidate[]>) | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;

  /** Reads now, every 10 s and soon after units changed; gives the function that ends it. */
  watch(read: () => Promise<Candidate[]>): () => void {
    this.read = read;
    this.items = null;
    this.reload();
    const deaf = live.onEvent((_event, message) => {
      if (message.units.length) this.plan(SOON_MS);
    });
    return () => {
      deaf();
      this.read = null;
      clearTimeout(this.timer);
    };
  }

  reload(): void {
    void this.ask();
  }

  private plan(after_ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reload(), after_ms);
  }

  private async ask(): Promise<void> {
    const read = this.read;
    if (!read) return;
    const number = ++this.asked;
    this.plan(EVERY_MS);
    try {
      const items = await read();
      if (number !== this.asked || read !== this.read) return;
      this.items = items;
      this.failure = '';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number === this.asked) this.failure = failureText(error);
    }
  }
}
