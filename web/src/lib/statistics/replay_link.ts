// The stretch of the replay that shows one incident: from a little before the call to its end, as long as a replay can be.
import { stretchAddress } from '../replay/stretch_in';
import { addressOf } from '../shell/address';
import type { LedgerRow } from './requests';

const MINUTE_MS = 60_000;
const LEAD_MS = MINUTE_MS;
const TAIL_MS = MINUTE_MS;
const LONGEST_MIN = 120;

type Timed = Pick<LedgerRow, 'received_at' | 'ended_at'>;

export function replayMinutes({ received_at, ended_at }: Timed, now_ms: number): number {
  const took_ms = (ended_at === null ? now_ms : Date.parse(ended_at)) - Date.parse(received_at);
  return Math.min(Math.max(Math.ceil((LEAD_MS + took_ms + TAIL_MS) / MINUTE_MS), 1), LONGEST_MIN);
}

/** Null where there is nothing to see: what was imported has no track. */
export const replayLink = (row: Timed & Pick<LedgerRow, 'is_imported'>, now_ms: number) =>
  row.is_imported ? null : addressOf({ view: 'replay', argument: stretchAddress(Date.parse(row.received_at) - LEAD_MS, replayMinutes(row, now_ms)) });
