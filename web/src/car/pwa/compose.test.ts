// What the screen shows while the server does not know yet what was pressed, or says something else.
import { expect, test } from 'vitest';
import type { Fix, Order, Step } from '../backend';
import { compose, type Local, type OfficerState } from './compose';
import type { KeptPress } from './outbox';
import { worth } from './position';
import { checkStep } from './step_rules';

const ORDER: Order = {
  assignment_id: 'a',
  incident: { id: 'i', number: '1', category: 'service', priority: 1, summary: '', lat: 23.4, lon: 120.4, received_ms: 0 },
  arrive_by_ms: 600_000,
  step: null,
};
const TOLD: OfficerState = {
  duty_id: 'd',
  unit_id: 'u',
  unit_name: '北興-1',
  connected: true,
  link: 'connected',
  clock_ms: 0,
  clock_offset_ms: 0,
  waiting: 0,
  fix: null,
  fix_age_ms: null,
  available: true,
  sos_active: false,
  orders: [ORDER],
  ended: [],
  notices: [{ id: '7', text: '小心', level: 'info', at_ms: 1, read: false }],
  rejected: [],
  presses: [],
  troubles: [],
  cameras: [],
  resume_after: 0,
  handled_up_to: 0,
  heard_up_to: 0,
};
const LOCAL: Local = {
  unit_id: 'u',
  unit_name: '北興-1',
  told: { state: TOLD, at_ms: 0 },
  connected: true,
  link: 'connected',
  now_ms: 1000,
  offset_ms: 0,
  waiting: 0,
  boot: 'b',
  sending: null,
  fix: null,
  fix_age_ms: null,
  presses: [],
  read: [],
  troubles: [],
};

function press(about: Partial<KeptPress>): KeptPress {
  return { press_id: 'p', kind: 'status', pressed_ms: 1, phase: 'queued', duty_id: 'd', boot: 'b', seq: null, message: { type: 'status', time_ms: 1 }, ...about };
}
const status = (step: Step, about: Partial<KeptPress> = {}) => press({ assignment_id: 'a', status: step, ...about });
const told = (about: Partial<OfficerState>) => ({ state: { ...TOLD, ...about }, at_ms: 0 });
const stepOf = (local: Partial<Local>) => compose({ ...LOCAL, ...local }).orders[0]?.step;

test('a press counts on the screen from the moment it is pressed, until the server has acted on it', () => {
  expect(stepOf({})).toBe(null);
  expect(stepOf({ presses: [status('acknowledged', { phase: 'held' })] })).toBe('acknowledged');
  const acknowledged = status('acknowledged', { phase: 'acknowledged', seq: 1 });
  expect(stepOf({ presses: [acknowledged] })).toBe('acknowledged');
  const acted = told({ handled_up_to: 1, orders: [{ ...ORDER, step: 'acknowledged' }] });
  expect(stepOf({ told: acted, presses: [acknowledged, status('en_route', { seq: 2 })] })).toBe('en_route');
});

test('what the server refused is the server\'s word again', () => {
  const refused = told({ handled_up_to: 1, rejected: [{ seq: 1, code: 'bad_step', message: '', at_ms: 1 }] });
  const local = { told: refused, presses: [status('acknowledged', { phase: 'acknowledged', seq: 1 })] };
  expect(stepOf(local)).toBe(null);
  expect(compose({ ...LOCAL, ...local }).presses[0]?.phase).toBe('rejected');
  expect(stepOf({ presses: [status('acknowledged', { phase: 'rejected', seq: 1 })] })).toBe(null);
});

test('a step that the server knows better stays', () => {
  const there = told({ orders: [{ ...ORDER, step: 'on_scene' }] });
  expect(stepOf({ told: there, presses: [status('en_route', { seq: 1 })] })).toBe('on_scene');
});

test('duty and SOS follow the newest press that the server has not acted on', () => {
  const away = press({ kind: 'availability', available: false, message: { type: 'availability', time_ms: 1, reason: 'meal' } });
  const help = press({ kind: 'sos', active: true });
  const state = compose({ ...LOCAL, presses: [away, help] });
  expect([state.available, state.availability_reason, state.sos_active]).toEqual([false, 'meal', true]);
  const done = compose({ ...LOCAL, told: told({ handled_up_to: 9 }), presses: [{ ...away, seq: 1 }, { ...help, seq: 2 }] });
  expect([done.available, done.sos_active]).toEqual([true, false]);
});

test('a press is sent only while it is on its way, and waits else', () => {
  const phases = (local: Partial<Local>) => compose({ ...LOCAL, ...local, presses: [status('en_route', { seq: 3 })] }).presses[0]?.phase;
  expect(phases({ sending: { boot: 'b', up_to: 3 } })).toBe('sent');
  expect(phases({ sending: { boot: 'b', up_to: 2 } })).toBe('queued');
  expect(phases({ sending: { boot: 'other', up_to: 3 } })).toBe('queued');
  expect(phases({ sending: { boot: 'b', up_to: 3 }, connected: false })).toBe('queued');
});

test('a press of another journal counts until the server holds it, whatever is handled of the one that was asked about', () => {
  const unkept = press({ kind: 'sos', active: true, boot: 'memory', seq: 1 });
  const state = (about: Partial<KeptPress>) => compose({ ...LOCAL, told: told({ handled_up_to: 9 }), presses: [{ ...unkept, ...about }] });
  expect(state({}).sos_active).toBe(true);
  expect(state({ phase: 'acknowledged' }).sos_active).toBe(false);
  const refused = told({ rejected: [{ seq: 1, code: 'bad_message', message: '', at_ms: 1 }] });
  expect(compose({ ...LOCAL, told: refused, presses: [unkept] }).presses[0]?.phase).toBe('queued');
});

test('a page that was never told anything shows no job, and notices stay read', () => {
  expect(compose({ ...LOCAL, told: null }).orders).toEqual([]);
  expect(compose({ ...LOCAL, read: ['7'] }).notices[0]?.read).toBe(true);
});

test('steps go forward only, and the same one again is nothing', () => {
  expect(checkStep({ ...ORDER, step: 'acknowledged' }, 'acknowledged')).toBe(false);
  expect(checkStep(ORDER, 'cleared')).toBe(true);
  expect(checkStep({ ...ORDER, step: 'en_route' }, 'declined')).toBe(true);
  for (const [step, next] of [['on_scene', 'en_route'], ['on_scene', 'declined'], ['cleared', 'on_scene']] as const) {
    expect(() => checkStep({ ...ORDER, step }, next)).toThrow();
  }
  expect(() => checkStep(undefined, 'en_route')).toThrow();
});

test('positions are thinned: a quarter of a minute at rest, seconds on a job, at once after twenty metres', () => {
  const at = (s: number, lat = 23.4): Fix => ({ time_ms: s * 1000, lat, lon: 120.4 });
  expect(worth(at(0), null, false)).toBe(true);
  expect([worth(at(14), at(0), false), worth(at(15), at(0), false)]).toEqual([false, true]);
  expect([worth(at(2), at(0), true), worth(at(3), at(0), true)]).toEqual([false, true]);
  expect([worth(at(0.5, 23.5), at(0), false), worth(at(1, 23.4003), at(0), false)]).toEqual([false, true]);
});

test('positions go on at once where the phone\'s clock was hours ahead and is set right', () => {
  const at = (s: number): Fix => ({ time_ms: s * 1000, lat: 23.4, lon: 120.4 });
  expect(worth(at(100), at(3 * 3600), false)).toBe(true);
  expect(worth(at(101), at(100), false)).toBe(false);
});
