// The page's journal: numbered messages of each duty, in order, until the server holds them; and the newest presses.
import type { Press, Step } from '../backend';
import { answer, transaction } from './database';

export interface Message {
  type: 'fix' | 'status' | 'availability' | 'sos' | 'check_in';
  time_ms: number;
  clock_ms?: number;
  [member: string]: unknown;
}

/** A press as it is kept. `seq`: its number in the duty's journal, null while it is held back. */
export interface KeptPress extends Press {
  n?: number;
  duty_id: string;
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
  journal: Journal;
  messages: (Message & { seq: number })[];
}

/** So many positions wait at most: five hours at one a second. The oldest go; presses never do. */
const FIXES_MAX = 18_000;
const FIXES_DROPPED = 500;
const PRESSES_KEPT = 30;
const WHOLE = ['journals', 'outbox', 'presses'] as const;

const all = (duty_id: string, up_to = Number.MAX_SAFE_INTEGER) => IDBKeyRange.bound([duty_id, 0], [duty_id, up_to]);

/** The journal of a duty, begun where there is none. */
export const openJournal = (duty_id: string, username: string) =>
  transaction(['journals'], 'readwrite', async (store) => {
    const found = (await answer(store('journals').get(duty_id))) as Journal | undefined;
    const journal = found ?? { duty_id, username, boot: crypto.randomUUID(), last_seq: 0 };
    if (!found) await answer(store('journals').put(journal));
    return journal;
  });

/** A message enters the journal under the next number, in the transaction of whatever else is said. */
async function number(store: (name: 'journals' | 'outbox') => IDBObjectStore, duty_id: string, message: Message) {
  const journal = (await answer(store('journals').get(duty_id))) as Journal;
  journal.last_seq += 1;
  await answer(store('journals').put(journal));
  const row: Row = { duty_id, seq: journal.last_seq, message };
  await answer(store('outbox').put(row));
  return row.seq;
}

/** A press that waits for its time to be taken back: on the disk, in no journal yet. */
export const hold = (press: KeptPress) =>
  transaction(['presses'], 'readwrite', async (store) => void (await answer(store('presses').add(press))));

/** Takes a held press back; false where it is too late. */
export const undo = (press_id: string) =>
  transaction(['presses'], 'readwrite', async (store) => {
    const presses = (await answer(store('presses').getAll())) as KeptPress[];
    const held = presses.find((press) => press.press_id === press_id && press.phase === 'held');
    if (held?.n === undefined) return false;
    await answer(store('presses').delete(held.n));
    return true;
  });

/** Every held press enters the journal, in the order of the presses. */
export const letGo = () =>
  transaction(WHOLE, 'readwrite', async (store) => {
    const presses = (await answer(store('presses').getAll())) as KeptPress[];
    for (const press of presses.filter(({ phase }) => phase === 'held')) {
      press.seq = await number(store, press.duty_id, press.message);
      press.phase = 'queued';
      press.held_until_ms = null;
      await answer(store('presses').put(press));
    }
  });

/** A press that is never held back enters the journal at once, behind those that were held. */
export const enter = async (press: KeptPress) => {
  await letGo();
  await transaction(WHOLE, 'readwrite', async (store) => {
    press.seq = await number(store, press.duty_id, press.message);
    await answer(store('presses').add(press));
  });
};

/** A position. Where too many wait, the oldest positions go. */
export const enterFix = (duty_id: string, message: Message) =>
  transaction(['journals', 'outbox'], 'readwrite', async (store) => {
    await number(store, duty_id, message);
    if ((await answer(store('outbox').count())) <= FIXES_MAX) return;
    const rows = (await answer(store('outbox').getAll(null, 4 * FIXES_DROPPED))) as Row[];
    const oldest = rows.filter((row) => row.message.type === 'fix').slice(0, FIXES_DROPPED);
    for (const row of oldest) await answer(store('outbox').delete([row.duty_id, row.seq]));
  });

/** What waits for this officer, the oldest duty first, at most `limit` messages of one duty. */
export const nextBatch = (username: string, limit: number) =>
  transaction(['journals', 'outbox'], 'readonly', async (store): Promise<Batch | null> => {
    for (const journal of (await answer(store('journals').getAll())) as Journal[]) {
      if (journal.username !== username) continue;
      const rows = (await answer(store('outbox').getAll(all(journal.duty_id), limit))) as Row[];
      if (rows.length > 0) return { journal, messages: rows.map(({ seq, message }) => ({ ...message, seq })) };
    }
    return null;
  });

export const waiting = (username: string) =>
  transaction(['journals', 'outbox'], 'readonly', async (store) => {
    let count = 0;
    for (const journal of (await answer(store('journals').getAll())) as Journal[]) {
      if (journal.username === username) count += await answer(store('outbox').count(all(journal.duty_id)));
    }
    return count;
  });

/** The server holds all up to `acked`; `refused` of it for good. */
export const acknowledged = (duty_id: string, acked: number, refused: ReadonlySet<number>) =>
  transaction(WHOLE, 'readwrite', async (store) => {
    await answer(store('outbox').delete(all(duty_id, acked)));
    const presses = (await answer(store('presses').getAll())) as KeptPress[];
    for (const press of presses) {
      if (press.duty_id !== duty_id || press.seq === null || press.seq > acked) continue;
      if (press.phase === 'rejected' || (press.phase === 'acknowledged' && !refused.has(press.seq))) continue;
      await answer(store('presses').put({ ...press, phase: refused.has(press.seq) ? 'rejected' : 'acknowledged' }));
    }
    const over = presses.filter(({ phase }) => phase === 'acknowledged' || phase === 'rejected');
    for (const press of over.slice(0, -PRESSES_KEPT)) if (press.n !== undefined) await answer(store('presses').delete(press.n));
    const journal = (await answer(store('journals').get(duty_id))) as Journal | undefined;
    if (journal && journal.last_seq < acked) await answer(store('journals').put({ ...journal, last_seq: acked }));
  });

/** The presses of a duty, oldest first. */
export const pressesOf = (duty_id: string) =>
  transaction(['presses'], 'readonly', async (store) => {
    const presses = (await answer(store('presses').getAll())) as KeptPress[];
    return presses.filter((press) => press.duty_id === duty_id);
  });

/** Duties that are over and of which nothing waits leave nothing behind. */
export const tidy = (standing: string | null) =>
  transaction(WHOLE, 'readwrite', async (store) => {
    for (const { duty_id } of (await answer(store('journals').getAll())) as Journal[]) {
      if (duty_id === standing || (await answer(store('outbox').count(all(duty_id)))) > 0) continue;
      const presses = (await answer(store('presses').getAll())) as KeptPress[];
      const own = presses.filter((press) => press.duty_id === duty_id);
      if (own.some(({ phase }) => phase === 'held')) continue;
      for (const press of own) if (press.n !== undefined) await answer(store('presses').delete(press.n));
      await answer(store('journals').delete(duty_id));
    }
  });
