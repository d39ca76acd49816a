// What the screen reads out of the state: which job is the one, what may be pressed next, what time it is for the server.
import type { CarState, Order, Press, Step } from './backend';

export const FINAL: readonly (Step | null)[] = ['cleared', 'declined'];
const RANK: readonly (Step | null)[] = [null, 'acknowledged', 'en_route', 'on_scene'];
const MAY_DECLINE: readonly (Step | null)[] = [null, 'acknowledged', 'en_route'];

/** The step of the one big button; null where the crew is done. */
export function nextStep(order: Order): Step | null {
  const next: Record<string, Step> = { acknowledged: 'en_route', en_route: 'on_scene', on_scene: 'cleared' };
  if (order.step === null) return 'acknowledged';
  return next[order.step] ?? null;
}

export const mayDecline = (order: Order) => MAY_DECLINE.includes(order.step);

/** Nobody stood there yet, as far as the crew and the server know. */
export const isUnderWay = (order: Order) => ['acknowledged', 'en_route'].includes(order.step ?? '');

/** Orders that the crew is not done with: the farthest step first, then the most urgent, then the oldest. */
export function openOrders(state: CarState): Order[] {
  const rank = ({ step }: Order) => RANK.indexOf(step);
  return state.orders
    .filter(({ step }) => !FINAL.includes(step))
    .sort(
      (a, b) =>
        rank(b) - rank(a) ||
        a.incident.priority - b.incident.priority ||
        a.incident.received_ms - b.incident.received_ms,
    );
}

/** The server's time now, as well as the car knows it. */
export function serverNow(state: CarState): number {
  if (state.server_ms === undefined) return state.clock_ms + (state.clock_offset_ms ?? 0);
  return state.server_ms ?? state.clock_ms;
}

export type ClockStage = 'running' | 'amber' | 'red' | 'arrived';

/** The ten-minute clock: how much is left, below zero when it is over. From 8 of 10 minutes on it is amber. */
export function clockOf(order: Order, server_now_ms: number): { left_s: number; stage: ClockStage } {
  const whole_s = (order.arrive_by_ms - order.incident.received_ms) / 1000;
  const end_ms = order.arrived?.at_ms ?? server_now_ms;
  const left_s = Math.floor((order.arrive_by_ms - end_ms) / 1000);
  if (order.arrived || order.step === 'on_scene') return { left_s, stage: 'arrived' };
  if (left_s < 0) return { left_s, stage: 'red' };
  return { left_s, stage: left_s <= whole_s * 0.2 ? 'amber' : 'running' };
}

const PRESSES: readonly (string | undefined)[] = ['status', 'availability', 'sos', 'check_in'];
/** What a rejected message was about, where it was a press: the crew needs to know of no other. */
export const isPress = (type: string | undefined) => PRESSES.includes(type);

export interface OnItsWay {
  /** Pressed, and the server has not said that it holds it. */
  waiting: Press[];
  /** The press that can still be taken back. */
  undoable: Press | null;
}

export function onItsWay(presses: readonly Press[]): OnItsWay {
  const waiting = presses.filter(({ phase }) => phase === 'held' || phase === 'queued' || phase === 'sent');
  const undoable = presses.findLast(({ phase }) => phase === 'held') ?? null;
  return { waiting, undoable };
}

/** Seconds in which a press can still be taken back, at `clock_ms` of the same clock; at least 0, at most `limit_s`. */
export function undoLeft_s(press: Press, clock_ms: number, limit_s: number): number {
  const left_s = ((press.held_until_ms ?? 0) - clock_ms) / 1000;
  return Math.min(limit_s, Math.max(0, left_s));
}

/** Positions of the last seconds are always on their way. */
const USUAL = 5;

/** How many messages the crew should know to be waiting; 0 only where every press is with the server. */
export function unsent(state: CarState): number {
  return Math.max(onItsWay(state.presses).waiting.length, state.waiting > USUAL ? state.waiting : 0);
}

/** How far the SOS that is on has come. `seen`: a person at the desk has; `acknowledged`: the server has it. */
export type SosPhase = 'queued' | 'sent' | 'acknowledged' | 'rejected' | 'seen';

export function sosPhase(state: CarState): SosPhase {
  if (state.sos_seen) return 'seen';
  const presses = state.presses.filter(({ kind }) => kind === 'sos');
  const calls = presses.slice(presses.findLastIndex(({ active }) => !active) + 1);
  // What waits never leaves the list; a call that is not there any more was delivered long ago.
  if (calls.length === 0) return 'acknowledged';
  const best = (['acknowledged', 'sent', 'queued', 'held'] as const).find((phase) => calls.some((call) => call.phase === phase));
  return best === 'held' ? 'queued' : (best ?? 'rejected');
}

/** How it stands with the position. */
export type PositionWord = { word: 'none' } | { word: 'good' } | { word: 'vague'; metres: number } | { word: 'old'; seconds: number };

/** A receiver tells its position once a second; twice that is no news. */
const FRESH_S = 3;
/** A position vaguer than that does not tell one street from the next. */
const VAGUE_M = 30;

export function positionWord({ fix, fix_age_ms }: CarState): PositionWord {
  if (fix_age_ms === null) return { word: 'none' };
  const seconds = Math.round(fix_age_ms / 1000);
  if (seconds > FRESH_S || !fix) return { word: 'old', seconds };
  const metres = Math.round(fix.accuracy_m ?? 0);
  return metres > VAGUE_M ? { word: 'vague', metres } : { word: 'good' };
}
