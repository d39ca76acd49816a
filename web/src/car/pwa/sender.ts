// Carries what waits to the server: one batch at a time, in order, again until it is acknowledged. Nothing is let go of
// on the word of anybody but our own server, and only where that word is about the message itself.
import { NoAnswer, Refusal } from '../../lib/api/problem';
import { report } from './calls';
import { depot } from './depot';
import type { Batch } from './outbox';

const BATCH = 200;
/** A browser lets go of at most 64 KiB while its page is put away. */
const LEAVING_BATCH = 40;
const TOO_LARGE = 413;
/** Of our own problems, those that say "this can't be read": the same message would get the same answer for ever. */
const UNREADABLE: Readonly<Record<number, readonly string[]>> = { 400: ['bad_json', 'bad_request'], 422: ['validation'] };

/** `unreachable`: no way to the server, or an answer that may be another one later. */
export type Trip = 'sent' | 'nothing' | 'unreachable' | 'signed_out' | 'csrf';

export interface Sending {
  /** Told of each batch before it goes. */
  onItsWay: (batch: Batch) => void;
  /** The page is being put away: one batch, which goes on without it. */
  leaving?: boolean;
}

/** Whether it is the messages that can't be read, and not what is sent around them (a clock of another century). */
function isUnreadable({ status, code, members }: Refusal): boolean {
  if (!UNREADABLE[status]?.includes(code)) return false;
  return members.length === 0 || members.some(({ member }) => /^messages\b/.test(member));
}

/** Sends what waits for this officer until nothing does. `unknown` gets the duties of which the server knows nothing:
 *  theirs stays, and is tried again the next time. */
export async function sendAll(username: string, unknown: Set<string>, { onItsWay, leaving = false }: Sending): Promise<Trip> {
  const most = leaving ? LEAVING_BATCH : BATCH;
  let limit = most;
  let any = false;
  for (;;) {
    const batch = await depot.nextBatch(username, limit, unknown);
    if (!batch) return any ? 'sent' : 'nothing';
    onItsWay(batch);
    const { journal, messages } = batch;
    try {
      const { acked, rejected } = await report(journal.duty_id, journal.boot, messages, leaving);
      await depot.acknowledged(batch, acked, new Set(rejected.map(({ seq }) => seq)));
      any = true;
      if (leaving) return 'sent';
    } catch (error) {
      if (error instanceof NoAnswer) return 'unreachable';
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 401) return 'signed_out';
      if (error.code === 'csrf') return 'csrf';
      if (error.code === 'no_duty') unknown.add(journal.duty_id);
      else if (error.status === TOO_LARGE && messages.length > 1) limit = Math.ceil(messages.length / 2);
      else if (!isUnreadable(error)) return 'unreachable';
      // One that can't be read must not hold back the others: looked for one by one, then set aside.
      else if (messages.length > 1) limit = 1;
      else {
        await depot.setAside(batch, error.code);
        limit = most;
      }
    }
  }
}
