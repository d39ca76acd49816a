// What the server tells of the unit: asked every few seconds, and kept, so that a page without a network has something to
// show. What goes the other way is the courier's.
import { NoAnswer, Refusal } from '../../lib/api/problem';
import { usePatience } from '../../lib/api/request';
import { stateOf, type Duty } from './calls';
import { PhoneClock, type Sample } from './clock';
import type { OfficerState } from './compose';
import type { Journal } from './outbox';
import type { Trip } from './sender';
import { keep, recall } from './storage';
import { Timers } from './timers';

const POLL_MS = 2_000;
const HIDDEN_POLL_MS = 10_000;
const AFTER_SENDING_MS = 300;
const PATIENCE_MS = 8_000;
/** What is told again unchanged is written down no oftener: a phone's memory wears. */
const KEEP_EVERY_MS = 30_000;
const CLOCK = 'clock';

/** What the page does when the server says that this officer, or this duty, is over. */
export interface Ends {
  signedOut: () => void;
  dutyOver: () => void;
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
  readonly clock = new PhoneClock();
  private journal: Journal | null = null;
  private kept = '';
  private kept_ms = 0;
  private readonly timers = new Timers();
  private readonly listening = new AbortController();

  constructor(
    private readonly duty: Duty,
    private readonly ends: Ends,
    private readonly changed: () => Promise<void>,
  ) {}

  /** The journal that the server is asked about; null before `begin`. */
  get boot(): string | null {
    return this.journal?.boot ?? null;
  }

  async begin(journal: Journal): Promise<void> {
    usePatience(() => PATIENCE_MS);
    this.journal = journal;
    this.clock.recall(await recall<Sample>(CLOCK));
    const told = await recall<Told>('told');
    if (told?.state.duty_id === this.duty.duty_id) this.told = told;
    const { signal } = this.listening;
    addEventListener('online', () => void this.ask(), { signal });
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void this.ask(), { signal });
    void this.poll();
  }

  end(): void {
    this.timers.end();
    this.listening.abort();
  }

  /** A trip of the courier shows how it stands with the way to the server. */
  travelled(trip: Trip): void {
    if (trip === 'unreachable') this.reached(false);
    if (trip === 'sent') this.timers.later(() => void this.ask(), AFTER_SENDING_MS);
  }

  private async poll(): Promise<void> {
    try {
      await this.ask();
    } finally {
      const pause_ms = document.visibilityState === 'visible' ? POLL_MS : HIDDEN_POLL_MS;
      this.timers.later(() => void this.poll(), pause_ms);
    }
  }

  private async ask(): Promise<void> {
    if (!this.journal || this.timers.ended) return;
    const asked_ms = Date.now();
    const began_ms = performance.now();
    try {
      const state = await stateOf(this.journal.boot, this.told?.state.heard_up_to);
      if (this.timers.ended) return;
      const better = this.clock.heard(asked_ms, performance.now() - began_ms, state.clock_ms);
      if (better) await keep(CLOCK, better);
      if (state.duty_id !== this.duty.duty_id) return this.ends.dutyOver();
      await this.remember({ state, at_ms: Date.now() });
      this.reached(true);
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) this.refused();
      else if (error instanceof Refusal && error.code === 'no_duty') this.ends.dutyOver();
      else if (error instanceof NoAnswer || error instanceof Refusal) this.reached(false);
      else throw error;
    }
    await this.changed();
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
