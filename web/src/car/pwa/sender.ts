// Carries the journal to the server: one batch at a time, in order, again until it is acknowledged.
import { NoAnswer, Refusal } from '../../lib/api/problem';
import { report } from './calls';
import { acknowledged, nextBatch, type Batch } from './outbox';

const BATCH = 200;
/** A refusal that passes: the server or a proxy is unwell, or asks to slow down. */
const passes = (status: number) => status >= 500 || status === 408 || status === 429;

export type Trip = 'sent' | 'nothing' | 'unreachable' | 'signed_out' | 'csrf';

/** Sends what waits for this officer until nothing does. `on_its_way` is told of each batch before it goes. */
export async function sendAll(username: string, on_its_way: (batch: Batch) => void): Promise<Trip> {
  let limit = BATCH;
  let any = false;
  for (;;) {
    const batch = await nextBatch(username, limit);
    if (!batch) return any ? 'sent' : 'nothing';
    on_its_way(batch);
    const { duty_id, boot } = batch.journal;
    const numbers = batch.messages.map(({ seq }) => seq);
    try {
      const { acked, rejected } = await report(duty_id, boot, batch.messages);
      await acknowledged(duty_id, acked, new Set(rejected.map(({ seq }) => seq)));
      any = true;
    } catch (error) {
      if (error instanceof NoAnswer) return 'unreachable';
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 401) return 'signed_out';
      if (error.code === 'csrf') return 'csrf';
      if (passes(error.status)) return 'unreachable';
      // One that can't be read must not hold back the others: alone it is marked as refused, and stays to be seen.
      if (batch.messages.length > 1 && error.code !== 'no_duty') limit = 1;
      else await acknowledged(duty_id, Math.max(...numbers), new Set(numbers));
    }
  }
}
