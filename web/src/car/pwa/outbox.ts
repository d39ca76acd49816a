// A page's journals: numbered messages of each duty, in order, until the server holds them; and the newest presses.
import type { Press, Step } from '../backend';
import { newId } from './new_id';
import type { Range, Run, Shelf, StoreName } from './shelf';

export interface Message {
  type: 'fix' | 'status' | 'availability' | 'sos' | 'check_in';
  time_ms: number;
  clock_ms?: number;
  [member: string]: unknown;
}

/** A press as it is kept. `seq`: its number in the journal `boot` of the duty, null while it is held back. */
export interface KeptPress extends Press {
  n?: number;
  duty_id: string;
  boot?: string;
  seq: number | null;
  message: Message;
  status?: Step | null;
}

export interface Journal {
  duty_id: string;
  username: string;
  boot: string;
  last_seq: number;
}

interface Row {
  duty_id: string;
  seq: number;
  message: Message;
}

export interface Batch {
  /** Where it lies until it is acknowledged. */
  outbox: Outbox;
  journal: Journal;
  messages: (Message & { seq: number })[];
}

/** What the server could not read: kept until the officer signs out, and told. */
export interface Aside extends Row {
  username: string;
  code: string;
}

type Open = (name: StoreName) => Shelf;

/** So many positions wait at most: five hours at one a second. The oldest go; presses never do. */
const FIXES_MAX = 18_000;
const FIXES_DROPPED = 500;
const PRESSES_KEPT = 30;
const ASIDE_KEPT = 200;
const WHOLE = ['journals', 'outbox', 'presses'] as const;
const ASIDE = 'aside';

const journalsIn = (open: Open) => open('journals').getAll() as Promise<Journal[]>;
const pressesIn = (open: Open) => open('presses').getAll() as Promise<KeptPress[]>;

export class Outbox {
  /** Up to where the server holds a journal, by its boot: where that can't be written down, nothing is sent for ever. */
  private readonly taken = new Map<string, number>();

  constructor(private readonly run: Run) {}

  /** The journal of a duty, begun where there is none. */
  openJournal = (duty_id: string, username: string) =>
    this.run(['journals'], 'readwrite', async (open) => {
      const found = (await open('journals').get(duty_id)) as Journal | undefined;
      const journal = found ?? { duty_id, username, boot: newId(), last_seq: 0 };
      if (!found) await open('journals').put(journal);
      return journal;
    });

  /** A press that waits for its time to be taken back: kept, in no journal yet. */
  hold = (press: KeptPress) => this.run(['presses'], 'readwrite', (open) => open('presses').add(press));

  /** Takes a held press back; false where it is too late. */
  undo = (press_id: string) =>
    this.run(['presses'], 'readwrite', async (open) => {
      const held = (await pressesIn(open)).find((press) => press.press_id === press_id && press.phase === 'held');
      if (held?.n === undefined) return false;
      await open('presses').delete(held.n);
      return true;
    });

  /** Every held press enters the journal, in the order of the presses. */
  letGo = () =>
    this.run(WHOLE, 'readwrite', async (open) => {
      for (const press of (await pressesIn(open)).filter(({ phase }) => phase === 'held')) {
        const numbered = await this.number(open, press.duty_id, press.message);
        await open('presses').put({ ...press, ...numbered, phase: 'queued', held_until_ms: null });
      }
    });

  /** A press that is never held back enters the journal at once. */
  enter = (press: KeptPress) =>
    this.run(WHOLE, 'readwrite', async (open) => {
      await open('presses').add({ ...press, ...(await this.number(open, press.duty_id, press.message)) });
    });

  /** A position. Where too many wait, the oldest positions go. */
  enterFix = (duty_id: string, message: Message) =>
    this.run(['journals', 'outbox'], 'readwrite', async (open) => {
      await this.number(open, duty_id, message);
      if ((await open('outbox').count()) <= FIXES_MAX) return;
      const rows = (await open('outbox').getAll(null, 4 * FIXES_DROPPED)) as Row[];
      const oldest = rows.filter((row) => row.message.type === 'fix').slice(0, FIXES_DROPPED);
      for (const row of oldest) await open('outbox').delete([row.duty_id, row.seq]);
    });

  /** What waits for this officer, the oldest duty first, at most `limit` messages of one duty; none of the duties in `but`. */
  nextBatch = (username: string, limit: number, but: ReadonlySet<string> = new Set()) =>
    this.run(['journals', 'outbox'], 'readonly', async (open): Promise<Batch | null> => {
      for (const journal of await journalsIn(open)) {
        if (journal.username !== username || but.has(journal.duty_id)) continue;
        const rows = (await open('outbox').getAll(this.all(journal), limit)) as Row[];
        if (rows.length > 0) return { outbox: this, journal, messages: rows.map(({ seq, message }) => ({ ...message, seq })) };
      }
      return null;
    });

  /** How many messages wait, and whose they are, journal by journal. */
  waiting = () =>
    this.run(['journals', 'outbox'], 'readonly', async (open) => {
      const found: (Journal & { count: number })[] = [];
      for (const journal of await journalsIn(open)) {
        const count = await open('outbox').count(this.all(journal));
        if (count > 0) found.push({ ...journal, count });
      }
      return found;
    });

  /** The server holds all up to `acked`; `refused` of it for good. */
  acknowledged = ({ duty_id, boot }: Journal, acked: number, refused: ReadonlySet<number>) => {
    this.take(boot, acked);
    return this.run(WHOLE, 'readwrite', (open) => this.settle(open, duty_id, acked, refused));
  };

  /** The server can't read this message: it is out of the way of the others, and stays to be seen. */
  setAside = ({ journal, messages }: Batch, code: string) => {
    const { duty_id, username, boot } = journal;
    const last = messages.at(-1)?.seq ?? 0;
    this.take(boot, last);
    return this.run([...WHOLE, 'kept'], 'readwrite', async (open) => {
      const before = ((await open('kept').get(ASIDE)) as Aside[] | undefined) ?? [];
      const more = messages.map(({ seq, ...message }) => ({ duty_id, seq, message: message as Message, username, code }));
      await open('kept').put([...before, ...more].slice(-ASIDE_KEPT), ASIDE);
      await this.settle(open, duty_id, last, new Set(messages.map(({ seq }) => seq)));
    });
  };

  asideOf = (username: string) =>
    this.run(['kept'], 'readonly', async (open) => {
      const found = ((await open('kept').get(ASIDE)) as Aside[] | undefined) ?? [];
      return found.filter((one) => one.username === username);
    });

  /** The presses of a duty, oldest first. */
  pressesOf = (duty_id: string) =>
    this.run(['presses'], 'readonly', async (open) => (await pressesIn(open)).filter((press) => press.duty_id === duty_id));

  /** Duties that are over and of which nothing waits leave nothing behind. */
  tidy = (standing: string | null) =>
    this.run(WHOLE, 'readwrite', async (open) => {
      const presses = await pressesIn(open);
      for (const journal of await journalsIn(open)) {
        const { duty_id } = journal;
        if (duty_id === standing || (await open('outbox').count(this.all(journal))) > 0) continue;
        const own = presses.filter((press) => press.duty_id === duty_id);
        if (own.some(({ phase }) => phase === 'held')) continue;
        for (const press of own) if (press.n !== undefined) await open('presses').delete(press.n);
        await open('outbox').delete({ from: [duty_id, 0], to: [duty_id, Number.MAX_SAFE_INTEGER] });
        await open('journals').delete(duty_id);
      }
    });

  /** What is over of this officer, and what was set aside; what still waits stays. */
  forgetOf = async (username: string) => {
    await this.tidy(null);
    await this.run(['kept'], 'readwrite', async (open) => {
      const found = ((await open('kept').get(ASIDE)) as Aside[] | undefined) ?? [];
      const others = found.filter((one) => one.username !== username);
      if (others.length > 0) await open('kept').put(others, ASIDE);
      else await open('kept').delete(ASIDE);
    });
  };

  private take(boot: string, up_to: number): void {
    this.taken.set(boot, Math.max(up_to, this.taken.get(boot) ?? 0));
  }

  private all({ duty_id, boot }: Journal): Range {
    return { from: [duty_id, (this.taken.get(boot) ?? 0) + 1], to: [duty_id, Number.MAX_SAFE_INTEGER] };
  }

  /** A message enters the journal under the next number, in the transaction of whatever else is said. */
  private async number(open: Open, duty_id: string, message: Message): Promise<{ seq: number; boot: string }> {
    const journal = (await open('journals').get(duty_id)) as Journal | undefined;
    if (!journal) throw new Error(`no journal of duty ${duty_id}`);
    const seq = journal.last_seq + 1;
    await open('journals').put({ ...journal, last_seq: seq });
    await open('outbox').put({ duty_id, seq, message } satisfies Row);
    return { seq, boot: journal.boot };
  }

  private async settle(open: Open, duty_id: string, acked: number, refused: ReadonlySet<number>): Promise<void> {
    await open('outbox').delete({ from: [duty_id, 0], to: [duty_id, acked] });
    const presses = await pressesIn(open);
    for (const press of presses) {
      if (press.duty_id !== duty_id || press.seq === null || press.seq > acked) continue;
      if (press.phase === 'rejected' || (press.phase === 'acknowledged' && !refused.has(press.seq))) continue;
      await open('presses').put({ ...press, phase: refused.has(press.seq) ? 'rejected' : 'acknowledged' });
    }
    const over = presses.filter(({ phase }) => phase === 'acknowledged' || phase === 'rejected');
    for (const press of over.slice(0, -PRESSES_KEPT)) if (press.n !== undefined) await open('presses').delete(press.n);
    const journal = (await open('journals').get(duty_id)) as Journal | undefined;
    if (journal && journal.last_seq < acked) await open('journals').put({ ...journal, last_seq: acked });
  }
}
