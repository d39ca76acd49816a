// What the screen reads out of the state: the one job, the next step, the clock, and what can be taken back.
import { expect, test } from 'vitest';
import type { CarState, Order, Press, Step } from './backend';
import { clockOf, isPress, mayDecline, nextStep, onItsWay, openOrders, positionWord, serverNow, sosPhase, undoLeft_s, unsent } from './reading';
import { anOrder, aPress, aState } from '../test/car_samples';

const withStep = (id: string, step: Step | null, priority = 2, received_ms = 0): Order => {
  const order = anOrder(id);
  return { ...order, step, incident: { ...order.incident, priority, received_ms } };
};
const open = (...orders: Order[]) => openOrders({ orders } as CarState).map(({ assignment_id }) => assignment_id);

test('each step leads to one next, and the last to none', () => {
  const order: (Step | null)[] = [null, 'acknowledged', 'en_route', 'on_scene', 'cleared', 'declined'];
  expect(order.map((step) => nextStep(withStep('a', step)))).toEqual(['acknowledged', 'en_route', 'on_scene', 'cleared', null, null]);
  expect(order.filter((step) => mayDecline(withStep('a', step)))).toEqual([null, 'acknowledged', 'en_route']);
});

test('the job that is farthest is the one; then the most urgent; what is done is gone', () => {
  expect(open(withStep('new', null, 1), withStep('under way', 'en_route', 3), withStep('done', 'cleared', 1))).toEqual(['under way', 'new']);
  expect(open(withStep('later', null, 2, 20), withStep('urgent', null, 1, 30), withStep('earlier', null, 2, 10))).toEqual([
    'urgent',
    'earlier',
    'later',
  ]);
});

test('the clock runs down to the ten minutes, is amber from eight on, and stands still on arrival', () => {
  const order = { ...withStep('a', 'en_route', 1, 0), arrive_by_ms: 600_000 };
  const at = (s: number, more: Partial<Order> = {}) => clockOf({ ...order, ...more }, s * 1000);
  expect(at(0)).toEqual({ left_s: 600, stage: 'running' });
  expect(at(479).stage).toBe('running');
  expect(at(480)).toEqual({ left_s: 120, stage: 'amber' });
  expect(at(601)).toEqual({ left_s: -1, stage: 'red' });
  expect(at(900, { arrived: { by: 'gps', at_ms: 300_000 } })).toEqual({ left_s: 300, stage: 'arrived' });
  expect(at(900, { step: 'on_scene' }).stage).toBe('arrived');
});

test("the server's time is the agent's word of it; by the offset where a backend has no such word", () => {
  expect(serverNow(aState({ clock_ms: 1_000, clock_offset_ms: 250 }))).toBe(1_250);
  expect(serverNow(aState({ clock_ms: 1_000, server_ms: 1_020, clock_offset_ms: 10_800_000 }))).toBe(1_020);
  expect(serverNow(aState({ clock_ms: 1_000, server_ms: null, clock_offset_ms: null }))).toBe(1_000);
});

test('what waits is counted, the newest held press can be undone, and no longer than it is held', () => {
  const presses: Press[] = [
    aPress('1', 'acknowledged'),
    aPress('2', 'queued'),
    aPress('3', 'sent'),
    { ...aPress('4', 'held'), held_until_ms: 10_000 },
    aPress('5', 'rejected'),
  ];
  const { waiting, undoable } = onItsWay(presses);
  expect(waiting.map(({ press_id }) => press_id)).toEqual(['2', '3', '4']);
  expect(undoable?.press_id).toBe('4');
  expect(onItsWay(presses.slice(0, 3)).undoable).toBeNull();
  if (!undoable) throw new Error('there is one');
  expect([6_000, 9_500, 12_000, -50_000].map((now) => undoLeft_s(undoable, now, 5))).toEqual([4, 0.5, 0, 5]);
});

test('all is sent only where no press waits; positions of the last seconds are no news', () => {
  const state = (waiting: number, ...phases: Press['phase'][]) => aState({ waiting, presses: phases.map((phase) => aPress(phase, phase)) });
  expect([state(0), state(3, 'acknowledged', 'rejected')].map(unsent)).toEqual([0, 0]);
  expect([state(0, 'held'), state(1, 'queued'), state(1, 'sent', 'sent'), state(40, 'queued'), state(40)].map(unsent)).toEqual([1, 1, 2, 40, 40]);
});

test('an SOS is as far as its best call, and one that is in the list no more was delivered long ago', () => {
  const sos = (phase: Press['phase'], active = true): Press => ({ ...aPress(phase, phase), kind: 'sos', status: null, active });
  const phase = (...presses: Press[]) => sosPhase(aState({ sos_active: true, presses }));
  expect(phase(aPress('1', 'queued'))).toBe('acknowledged');
  expect(phase(sos('queued'))).toBe('queued');
  expect(phase(sos('acknowledged'), sos('queued'))).toBe('acknowledged');
  expect(phase(sos('rejected'), sos('sent'))).toBe('sent');
  expect(phase(sos('rejected'))).toBe('rejected');
  expect(phase(sos('acknowledged'), sos('acknowledged', false), sos('queued'))).toBe('queued');
  expect(sosPhase(aState({ sos_active: true, sos_seen: true, presses: [sos('acknowledged')] }))).toBe('seen');
});

test('a position is good where it is fresh and tells one street from the next', () => {
  const at = (fix_age_ms: number | null, accuracy_m?: number | null) =>
    positionWord({ fix: accuracy_m === undefined ? null : { time_ms: 0, lat: 23, lon: 120, accuracy_m }, fix_age_ms } as CarState);
  expect(at(null)).toEqual({ word: 'none' });
  expect([at(1000, 5), at(3000, null)]).toEqual([{ word: 'good' }, { word: 'good' }]);
  expect(at(1000, 120)).toEqual({ word: 'vague', metres: 120 });
  expect([at(9000, 5), at(2000)]).toEqual([{ word: 'old', seconds: 9 }, { word: 'old', seconds: 2 }]);
});

test('the crew is told of presses that were refused, and of nothing that the agent says by itself', () => {
  expect(['status', 'availability', 'sos', 'check_in'].every(isPress)).toBe(true);
  expect(['health', 'fix', 'camera', 'recording', 'of tomorrow', undefined].some(isPress)).toBe(false);
});
