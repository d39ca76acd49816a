// The state that the screen shows: what the server last told, with what only this browser knows laid over it. Pure.
import type { CarState, Fix, Order, Press, Step, Trouble } from '../backend';
import type { KeptPress } from './outbox';

/** GET /api/v1/officer/state. */
export interface OfficerState extends CarState {
  duty_id: string;
  resume_after: number;
  handled_up_to: number;
  heard_up_to: number;
}

export interface Local {
  unit_id: string;
  unit_name: string;
  /** What the server last told of this duty, and when that was by this clock; null: nothing yet. */
  told: { state: OfficerState; at_ms: number } | null;
  connected: boolean;
  link: string;
  now_ms: number;
  /** Server's clock minus this one; null: not known. */
  offset_ms: number | null;
  waiting: number;
  /** The journal of which `told` tells how far it is handled. */
  boot: string | null;
  /** What is under way: of which journal, up to which number. */
  sending: { boot: string; up_to: number } | null;
  fix: Fix | null;
  fix_age_ms: number | null;
  presses: readonly KeptPress[];
  read: readonly string[];
  troubles: readonly Trouble[];
}

const RANK: Record<Step, number> = { acknowledged: 1, en_route: 2, on_scene: 3, cleared: 4, declined: 4 };
const FIX_SHOWN_FOR_MS = 10_000;

const EMPTY: Pick<CarState, 'available' | 'sos_active' | 'orders' | 'ended' | 'notices' | 'rejected' | 'cameras'> = {
  available: true,
  sos_active: false,
  orders: [],
  ended: [],
  notices: [],
  rejected: [],
  cameras: [],
};

export function compose(local: Local): CarState {
  const told = local.told?.state ?? null;
  const known = told ?? EMPTY;
  // What the server has not acted on yet, as far as it told: that is laid over what it told.
  const pending = local.presses.filter((press) => isPending(press, local));
  const duty = pending.findLast(({ kind }) => kind === 'availability');
  const help = pending.findLast(({ kind }) => kind === 'sos');
  return {
    unit_id: local.unit_id,
    unit_name: local.unit_name,
    connected: local.connected,
    link: local.link,
    clock_ms: local.now_ms,
    clock_offset_ms: local.offset_ms,
    waiting: local.waiting,
    fix: local.fix && (local.fix_age_ms ?? 0) <= FIX_SHOWN_FOR_MS ? local.fix : null,
    fix_age_ms: local.fix_age_ms,
    available: duty?.available ?? known.available,
    availability_reason: duty ? ((duty.message['reason'] as string | undefined) ?? null) : (told?.availability_reason ?? null),
    sos_active: help?.active ?? known.sos_active,
    sos_seen: (help?.active ?? true) && (told?.sos_seen ?? false),
    orders: known.orders.map((order) => withStep(order, pending)),
    ended: known.ended,
    notices: known.notices.map((notice) => ({ ...notice, read: local.read.includes(notice.id) })),
    rejected: known.rejected,
    presses: local.presses.map((press) => shown(press, local)),
    troubles: [...local.troubles],
    cameras: known.cameras,
  };
}

/** Of a journal in memory beside the one that was asked about, nobody tells more than that it holds a press. */
function isPending({ phase, seq, boot }: KeptPress, { boot: asked, told }: Local): boolean {
  if (phase === 'rejected') return false;
  if (seq !== null && boot !== asked) return phase !== 'acknowledged';
  return seq === null || seq > (told?.state.handled_up_to ?? 0);
}

function withStep(order: Order, pending: readonly KeptPress[]): Order {
  const own = pending.filter(({ kind, assignment_id }) => kind === 'status' && assignment_id === order.assignment_id);
  const step = own.at(-1)?.status ?? null;
  return step !== null && RANK[step] > (order.step === null ? 0 : RANK[order.step]) ? { ...order, step } : order;
}

function shown(press: KeptPress, local: Local): Press {
  const { press_id, kind, pressed_ms, phase, held_until_ms, assignment_id, status, available, active, seq, boot } = press;
  const { sending } = local;
  const is_under_way = sending !== null && seq !== null && boot === sending.boot && seq <= sending.up_to;
  const on_its_way = phase === 'queued' && local.connected && is_under_way;
  const refused = boot === local.boot && (local.told?.state.rejected.some((one) => one.seq === seq) ?? false);
  return {
    press_id,
    kind,
    pressed_ms,
    phase: refused ? 'rejected' : on_its_way ? 'sent' : phase,
    held_until_ms: held_until_ms ?? null,
    assignment_id: assignment_id ?? null,
    status: status ?? null,
    available: available ?? null,
    active: active ?? null,
  };
}
