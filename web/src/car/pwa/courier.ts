// Sends what waits for one officer, whether on a unit or not, at once and again until nothing does.
import { NoAnswer, Refusal } from '../../lib/api/problem';
import { sendAll, type Trip } from './sender';
import { Timers } from './timers';

const RETRY_MS = 3_000;
/** What the server knows no duty of is tried again so seldom. */
const UNKNOWN_RETRY_MS = 60_000;

export interface Hears {
  /** After each batch that goes, and after each trip. */
  moved: (trip: Trip | null) => Promise<void>;
  signedOut: () => void;
  needCsrf: () => Promise<void>;
}

export class Courier {
  /** What is under way now: of which journal, up to which number. */
  sending: { boot: string; up_to: number } | null = null;
  /** Duties of this officer of which the server knows nothing. */
  unknown: ReadonlySet<string> = new Set();
  private under_way: Promise<void> | null = null;
  private again = false;
  private readonly timers = new Timers();
  private readonly listening = new AbortController();

  constructor(
    readonly username: string,
    private readonly hears: Hears,
  ) {
    const { signal } = this.listening;
    addEventListener('online', () => void this.send(), { signal });
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void this.send(), { signal });
  }

  end(): void {
    this.timers.end();
    this.listening.abort();
  }

  /** Resolves when nothing more can be sent now: all of it is, or there is no way. */
  send(): Promise<void> {
    this.again = true;
    this.under_way ??= this.sendUntilStill().finally(() => (this.under_way = null));
    return this.under_way;
  }

  /** The page is being put away, and may not run again: what it has left goes on without it. */
  async leaving(): Promise<void> {
    await this.hears.moved(await sendAll(this.username, new Set(this.unknown), { onItsWay: () => undefined, leaving: true }));
  }

  private async sendUntilStill(): Promise<void> {
    while (this.again && !this.timers.ended) {
      this.again = false;
      const unknown = new Set<string>();
      const trip = await sendAll(this.username, unknown, {
        onItsWay: ({ journal, messages }) => {
          this.sending = { boot: journal.boot, up_to: messages.at(-1)?.seq ?? 0 };
          void this.hears.moved(null);
        },
      });
      this.sending = null;
      // A trip that came to nothing has not asked about all of them.
      this.unknown = trip === 'sent' || trip === 'nothing' ? unknown : new Set([...this.unknown, ...unknown]);
      const proven = trip === 'csrf' ? await this.proves() : true;
      if (trip === 'signed_out' || !proven) this.hears.signedOut();
      else if (trip === 'unreachable' || trip === 'csrf') this.timers.later(() => void this.send(), RETRY_MS);
      else if (unknown.size > 0) this.timers.later(() => void this.send(), UNKNOWN_RETRY_MS);
      await this.hears.moved(trip);
    }
  }

  /** A new proof that the changes come from this page; false where nobody is signed in. */
  private async proves(): Promise<boolean> {
    try {
      await this.hears.needCsrf();
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return false;
      // No way, or a server that is unwell: tried again with the next trip.
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
    }
    return true;
  }
}
