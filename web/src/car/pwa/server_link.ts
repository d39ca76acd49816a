// The page's way to the server: sends the journal at once and again, asks for the state every few seconds, and keeps what
// was last told, so that a page without a network has something to show.
import { NoAnswer, Refusal } from '../../lib/api/problem';
import { usePatience } from '../../lib/api/request';
import { stateOf, type Duty } from './calls';
import type { OfficerState } from './compose';
import { keep, recall } from './database';
import type { Journal } from './outbox';
import { sendAll } from './sender';
import { Timers } from './timers';

const POLL_MS = 2_000;
const HIDDEN_POLL_MS = 10_000;
const AFTER_SENDING_MS = 300;
const RETRY_MS = 3_000;
const PATIENCE_MS = 8_000;
/** What is told again unchanged is written down no oftener: a phone's memory wears. */
const KEEP_EVERY_MS = 30_000;

/** What the page does when the server says that this officer, or this duty, is over. */
export interface Ends {
  signedOut: () => void;
  dutyOver: () => void;
  needCsrf: () => Promise<void>;
}

export interface Told {
  state: OfficerState;
  /** By this browser's clock. */
  at_ms: number;
}

export class ServerLink {
  told: Told | null = null;
  connected = false;
  word = 'connecting';
  /** Server's clock minus this one; null until the server answered. */
  offset_ms: number | null = null;
  sending_up_to = 0;
  private journal: Journal | null = null;
  private kept = '';
  private kept_ms = 0;
  private sending: Promise<void> | null = null;
  private again = false;
  private readonly timers = new Timers();
  private readonly listening = new AbortController();

  constructor(
    private readonly username: string,
    private readonly duty: Duty,
    private readonly ends: Ends,
    private readonly changed: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  async begin(journal: Journal): Promise<void> {
    usePatience(() => PATIENCE_MS);
    this.journal = journal;
    const told = await recall<Told>('told');
    if (told?.state.duty_id === this.duty.duty_id) this.told = told;
    const { signal } = this.listening;
    addEventListener('online', () => this.askNow(), { signal });
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.askNow(), { signal });
    void this.send();
    void this.poll();
  }

  end(): void {
    this.timers.end();
    this.listening.abort();
  }

  /** Resolves when nothing more can be sent now: all of it is, or there is no way. */
  send(): Promise<void> {
    this.again = true;
    this.sending ??= this.sendUntilStill()
      .catch(this.failed)
      .finally(() => (this.sending = null));
    return this.sending;
  }

  private async sendUntilStill(): Promise<void> {
    while (this.again && !this.timers.ended) {
      this.again = false;
      const trip = await sendAll(this.username, ({ journal, messages }) => {
        if (journal.duty_id === this.duty.duty_id) this.sending_up_to = messages.at(-1)?.seq ?? 0;
        void this.changed();
      });
      this.sending_up_to = 0;
      await this.changed();
      if (trip === 'signed_out') this.refused();
      if (trip === 'sent') this.timers.later(() => void this.ask(), AFTER_SENDING_MS);
      if (trip === 'csrf') await this.ends.needCsrf();
      if (trip === 'unreachable') this.reached(false);
      if (trip === 'unreachable' || trip === 'csrf') this.timers.later(() => void this.send(), RETRY_MS);
    }
  }

  private askNow(): void {
    void this.ask();
    void this.send();
  }

  private async poll(): Promise<void> {
    await this.ask();
    const pause_ms = document.visibilityState === 'visible' ? POLL_MS : HIDDEN_POLL_MS;
    this.timers.later(() => void this.poll(), pause_ms);
  }

  private async ask(): Promise<void> {
    if (!this.journal || this.timers.ended) return;
    const asked_ms = Date.now();
    try {
      const state = await stateOf(this.journal.boot, this.told?.state.heard_up_to);
      if (this.timers.ended) return;
      if (state.duty_id !== this.duty.duty_id) return this.ends.dutyOver();
      const at_ms = Date.now();
      this.offset_ms = Math.round(state.clock_ms - (asked_ms + at_ms) / 2);
      await this.remember({ state, at_ms });
      this.reached(true);
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) this.refused();
      else if (error instanceof Refusal && error.code === 'no_duty') this.ends.dutyOver();
      else if (error instanceof NoAnswer || error instanceof Refusal) this.reached(false);
      else this.failed(error);
    }
    await this.changed().catch(this.failed);
  }

  /** On the disk first: what is said to be heard must not be forgotten. */
  private async remember(told: Told): Promise<void> {
    const text = JSON.stringify({ ...told.state, clock_ms: 0, fix: null, fix_age_ms: null });
    if (text !== this.kept || told.at_ms - this.kept_ms > KEEP_EVERY_MS) {
      await keep('told', told);
      this.kept = text;
      this.kept_ms = told.at_ms;
    }
    this.told = told;
  }

  private refused(): void {
    this.connected = false;
    this.word = 'refused';
    this.ends.signedOut();
  }

  private reached(connected: boolean): void {
    this.connected = connected;
    this.word = connected ? 'connected' : 'unreachable';
  }
}
