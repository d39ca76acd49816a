// Which alarms stand where, which one the key leads to, and what this desk sounds.
import { describe, expect, test } from 'vitest';
import { alarm, incident, unit } from '../../test/samples';
import { foremost, ORDER, PATTERNS } from './patterns';
import { emergencies, isHeard, newest, others, soundsOf, unseen, withoutCamera } from './raised';
import { roughly_m, whereIs } from './whereabouts';

const NOW = Date.parse('2026-11-24T03:30:00+00:00');
const minutes = (count: number) => new Date(NOW + count * 60_000).toISOString();
const heard = { acknowledged_at: minutes(-1), acknowledged_by: 'night' };
const ids = (found: { id: string }[]) => found.map(({ id }) => id);

describe('order', () => {
  const warning = (id: string, ago: number, more = {}) =>
    alarm(id, { kind: 'late', level: 'warning', raised_at: minutes(-ago), ...more });
  test('by grade, then the one that stands longest; what was put off last', () => {
    const off = warning('off', 9, { ...heard, snoozed_until: minutes(1) });
    const high = alarm('high', { kind: 'no_unit', level: 'alarm' });
    const notice = alarm('notice', { kind: 'camera', level: 'notice', raised_at: minutes(-99) });
    const sos = alarm('sos');
    expect(ids(others([notice, off, warning('b', 1), sos, warning('a', 5), high], 'dispatcher', NOW))).toEqual(
      ['high', 'a', 'b', 'notice', 'off'],
    );
    expect(ids(emergencies([notice, sos, high]))).toEqual(['sos']);
  });
  test('the key leads to what nobody heard, an SOS before all, then the newest', () => {
    const sos = alarm('sos', heard);
    expect(newest([warning('a', 5), warning('b', 1), sos], 'dispatcher', NOW)?.id).toBe('b');
    expect(newest([warning('a', 5, heard), sos], 'dispatcher', NOW)?.id).toBe('sos');
    expect(newest([], 'dispatcher', NOW)).toBeUndefined();
  });
  test('what is for supervisors stands and sounds at no dispatcher', () => {
    const thin = warning('thin', 1, { data: { addressed_to: 'supervisor' } });
    expect([others([thin], 'dispatcher', NOW), soundsOf([thin], 'dispatcher', NOW)]).toEqual([[], []]);
    expect(ids(others([thin], 'supervisor', NOW))).toEqual(['thin']);
  });
});

describe('heard', () => {
  test('acknowledged is heard; put off is heard until its time is over', () => {
    expect(isHeard(alarm('a'), NOW)).toBe(false);
    expect(isHeard(alarm('a', heard), NOW)).toBe(true);
    expect(isHeard(alarm('a', { ...heard, snoozed_until: minutes(1) }), NOW)).toBe(true);
    expect(isHeard(alarm('a', { ...heard, snoozed_until: minutes(-1) }), NOW)).toBe(false);
  });
  test('the foremost unheard one sounds; a notice does not go on', () => {
    const warning = alarm('w', { kind: 'late', level: 'warning' });
    const notice = alarm('n', { kind: 'camera', level: 'notice' });
    expect(foremost(soundsOf([warning, notice, alarm('s')], 'dispatcher', NOW))).toBe('sos');
    expect(foremost(soundsOf([warning, notice, alarm('s', heard)], 'dispatcher', NOW))).toBe('warning');
    expect(foremost(soundsOf([notice], 'dispatcher', NOW))).toBe(null);
  });
});

test('all sounds differ in what they are made of', () => {
  const made = ORDER.map((sound) => JSON.stringify(PATTERNS[sound].tones));
  expect(new Set(made).size).toBe(ORDER.length);
});

test('a call is new until somebody opened it', () => {
  expect(ids(unseen([incident('a', { seen_at: null }), incident('b')]))).toEqual(['a']);
});

test('a unit without any camera on priority 1 is said, others are not', () => {
  const at = (id: string, state: string) =>
    unit(`u-${id}`, { assignment: { assignment_id: 'x', incident_id: id, incident_number: 'n', state }, cameras: [] });
  const calls = new Map([
    ['one', incident('one', { priority: 1 })],
    ['two', incident('two', { priority: 2 })],
  ]);
  const all = [at('one', 'en_route'), at('two', 'en_route'), at('one', 'dispatched'), at('gone', 'on_scene')];
  expect(ids(withoutCamera(all, calls))).toEqual(['u-one']);
});

describe('where an officer is', () => {
  const called = { lat: 23.48, lon: 120.45, data: { fixed_at: minutes(-5) } };
  const position = (lat: number, ago: number) => ({
    lat,
    lon: 120.45,
    accuracy_m: null,
    speed_mps: null,
    course_deg: null,
    fixed_at: minutes(-ago),
    received_at: minutes(-ago),
  });
  test('the newest fix counts; the words of the call fit until it has moved', () => {
    expect(whereIs(alarm('a', called), undefined)).toMatchObject({ lat: 23.48, moved: false });
    expect(whereIs(alarm('a', called), unit('u', { position: position(23.4801, 1) }))?.moved).toBe(false);
    expect(whereIs(alarm('a', called), unit('u', { position: position(23.49, 1) }))).toMatchObject({ lat: 23.49, moved: true });
    expect(whereIs(alarm('a', called), unit('u', { position: position(23.49, 9) }))?.lat).toBe(23.48);
    expect(whereIs(alarm('a'), undefined)).toBe(null);
    expect(whereIs(alarm('a'), unit('u', { position: position(23.49, 9) }))?.lat).toBe(23.49);
  });
  test('metres are metres', () => {
    expect(roughly_m({ lat: 23.48, lon: 120.45 }, { lat: 23.489, lon: 120.45 })).toBeCloseTo(1002, -1);
  });
});
