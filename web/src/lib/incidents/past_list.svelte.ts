// Past incidents as they are asked for, page after page.
import { pastIncidents } from '../api/past_incidents';
import { NoAnswer, Refusal } from '../api/problem';
import type { Incident } from '../api/types';
import { failureText } from '../text/failure';
import { queryOf, type PastQuestion } from './past_question';

export class PastList {
  items = $state.raw<readonly Incident[] | null>(null);
  failure = $state('');
  busy = $state(false);
  private cursor: string | null = null;
  more = $state(false);
  private question: PastQuestion | null = null;
  private asked = 0;

  ask(question: PastQuestion): void {
    this.question = question;
    this.cursor = null;
    void this.read([]);
  }

  next(): void {
    if (this.cursor && !this.busy) void this.read(this.items ?? []);
  }

  private async read(before: readonly Incident[]): Promise<void> {
    if (!this.question) return;
    const number = ++this.asked;
    this.busy = true;
    try {
      const page = await pastIncidents(queryOf(this.question, this.cursor));
      if (number !== this.asked) return;
      this.items = [...before, ...page.items];
      this.cursor = page.next_cursor;
      this.more = page.next_cursor !== null;
      this.failure = '';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number === this.asked) this.failure = failureText(error);
    } finally {
      if (number === this.asked) this.busy = false;
    }
  }
}
