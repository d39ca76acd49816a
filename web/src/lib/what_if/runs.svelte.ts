// Earlier questions, the one that is looked at, and its progress: asked for every second while it is not over.
import { NoAnswer, Refusal } from '../api/problem';
import { failureText } from '../text/failure';
import * as calls from './calls';
import type { Summary, WhatIf } from './types';

const ASK_MS = 1_000;
export const isOver = ({ state }: Summary) => state !== 'queued' && state !== 'running';

class Runs {
  items = $state.raw<readonly Summary[] | null>(null);
  open = $state.raw<WhatIf | null>(null);
  failure = $state('');
  private wanted: string | null = null;

  /** Starts looking; gives the function that stops it. */
  watch(): () => void {
    void this.try(() => this.readAll());
    const timer = setInterval(() => {
      const busy = this.items === null || this.items.some((item) => !isOver(item)) || !!(this.open && !isOver(this.open));
      if (busy) void this.try(() => this.readAll());
    }, ASK_MS);
    return () => clearInterval(timer);
  }

  async choose(id: string | null): Promise<void> {
    this.wanted = id;
    if (id === null || this.open?.id !== id) this.open = null;
    if (id !== null) await this.try(() => this.readOpen(id));
  }

  show(whatIf: WhatIf): void {
    this.wanted = whatIf.id;
    this.open = whatIf;
    void this.try(() => this.readAll());
  }

  /** Does it and shows what came of it; what is refused is said. */
  async change(act: () => Promise<WhatIf | undefined>): Promise<void> {
    await this.try(async () => {
      const answer = await act();
      if (answer) this.show(answer);
      else {
        await this.choose(null);
        await this.readAll();
      }
    });
  }

  private async readAll(): Promise<void> {
    this.items = await calls.list();
    const id = this.wanted;
    if (id !== null && (!this.open || !isOver(this.open))) await this.readOpen(id);
  }

  private async readOpen(id: string): Promise<void> {
    const answer = await calls.read(id);
    if (this.wanted === id) this.open = answer;
  }

  private async try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
      this.failure = '';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      this.failure = failureText(error);
    }
  }
}

export const runs = new Runs();
