// The stretch of the replay that shows one incident: from a little before the call to its end, as long as a replay can be.
import type { Role } from '../api/types';
import { stretchAddress } from '../replay/stretch_in';
import { addressOf } from '../shell/address';
import type { LedgerRow } from './requests';

const MINUTE_MS = 60_000;
const LEAD_MS = MINUTE_MS;
const TAIL_MS = MINUTE_MS;
const LONGEST_MIN = 120;
/** Dispatchers look back a day; what lies further back is review, and a supervisor's. */
const DISPATCHERS_REACH_MS = 24 * 60 * MINUTE_MS;

type Timed = Pick<LedgerRow, 'received_at' | 'ended_at'>;

export function replayMinutes({ received_at, ended_at }: Timed, now_ms: number): number {
  const took_ms = (ended_at === null ? now_ms : Date.parse(ended_at)) - Date.parse(received_at);
  return Math.min(Math.max(Math.ceil((LEAD_MS + took_ms + TAIL_MS) / MINUTE_MS), 1), LONGEST_MIN);
}

/** Null where there is nothing to see: what was imported has no track, and a dispatcher may not look back so far. */
export function replayLink(row: Timed & Pick<LedgerRow, 'is_imported'>, now_ms: number, role?: Role): string | null {
  const from_ms = Date.parse(row.received_at) - LEAD_MS;
  if (row.is_imported || (role === 'dispatcher' && from_ms < now_ms - DISPATCHERS_REACH_MS)) return null;
  return addressOf({ view: 'replay', argument: stretchAddress(from_ms, replayMinutes(row, now_ms)) });
}
