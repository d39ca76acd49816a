// The live picture: what events, repeats, gaps and late positions make of it.
import { describe, expect, test } from 'vitest';
import { alarm, dice, event, incident, position, suggestion, unit } from '../../test/samples';
import type { Alarm, Incident, Suggestion, Unit } from '../api/types';
import type { FeedEvent, Snapshot } from './messages';
import { apply, NOTHING, withPositions, type LiveState } from './state';

const snapshot = (seq: number, change: Partial<Snapshot> = {}): Snapshot => ({
  type: 'snapshot',
  stream: 'one',
  seq,
  server_time: '2026-11-24T03:00:00Z',
  units: [],
  incidents: [],
  alarms: [],
  suggestions: [],
  ...change,
});
const told = (seq: number, change: Partial<FeedEvent> = {}): FeedEvent => ({
  type: 'event',
  stream: 'one',
  seq,
  event: event(seq),
  units: [],
  incidents: [],
  alarms: [],
  suggestions: [],
  ...change,
});
const from = (message: Snapshot) => apply(NOTHING, message).state;

/** A server in small: things change at random, and every change is told as one event. */
class Server {
  seq = 0;
  readonly units = new Map<string, Unit>();
  readonly incidents = new Map<string, Incident>();
  readonly alarms = new Map<string, Alarm>();
  readonly suggestions = new Map<string, Suggestion>();
  constructor(private readonly random: () => number) {}

  private id = (prefix: string, among: number) => `${prefix}${Math.floor(this.random() * among)}`;
  private one = <T>(of: readonly T[]) => of[Math.floor(this.random() * of.length)] as T;

  snapshot(): Snapshot {
    return snapshot(this.seq, {
      units: [...this.units.values()],
      incidents: [...this.incidents.values()].filter(({ state }) => state === 'open'),
      alarms: [...this.alarms.values()].filter(({ resolved_at }) => resolved_at === null),
      suggestions: [...this.suggestions.values()].filter(({ ended_at }) => ended_at === null),
    });
  }

  step(): FeedEvent {
    const change: Partial<FeedEvent> = {};
    if (this.random() < 0.6) {
      const second = String(Math.floor(this.random() * 60)).padStart(2, '0');
      const status = this.one(['AVAILABLE', 'EN_ROUTE', 'ON_SCENE'] as const);
      const id = this.id('u', 5);
      const known = this.units.get(id)?.position;
      const fixed_at = `2026-11-24T03:00:${second}Z`;
      const newer = !known || known.fixed_at <= fixed_at ? position(fixed_at) : known;
      change.units = [unit(id, { status, position: newer })];
    }
    if (this.random() < 0.6) {
      const state = this.one(['open', 'open', 'closed', 'cancelled'] as const);
      change.incidents = [incident(this.id('i', 6), { state, version: this.seq })];
    }
    if (this.random() < 0.3) {
      const resolved_at = this.random() < 0.5 ? '2026-11-24T03:01:00Z' : null;
      change.alarms = [alarm(this.id('a', 3), { resolved_at })];
    }
    if (this.random() < 0.3) {
      const state = this.one(['open', 'accepted', 'done', 'expired'] as const);
      const ended_at = state === 'done' || state === 'expired' ? '2026-11-24T03:01:00Z' : null;
      change.suggestions = [suggestion(this.id('s', 3), { state, ended_at })];
    }
    for (const item of change.suggestions ?? []) this.suggestions.set(item.id, item);
    for (const item of change.units ?? []) this.units.set(item.id, item);
    for (const item of change.incidents ?? []) this.incidents.set(item.id, item);
    for (const item of change.alarms ?? []) this.alarms.set(item.id, item);
    return told(++this.seq, change);
  }
}

const sorted = ({ seq, units, incidents, alarms, suggestions }: LiveState) => ({
  seq,
  units: [...units].sort(),
  incidents: [...incidents].sort(),
  alarms: [...alarms].sort(),
  suggestions: [...suggestions].sort(),
});

describe('the law of the feed', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'an old snapshot and the events since then, repeats included, equal a fresh snapshot (seed %i)',
    (seed) => {
      const random = dice(seed);
      const server = new Server(random);
      for (let i = 0; i < 30; i++) server.step();
      let state = from(server.snapshot());
      const sent: FeedEvent[] = [];
      for (let i = 0; i < 200; i++) {
        sent.push(server.step());
        const repeats = random() < 0.2 ? sent.slice(-3) : sent.slice(-1);
        for (const message of repeats) {
          const step = apply(state, message);
          expect(step.gap).toBe(false);
          state = step.state;
        }
      }
      expect(sorted(state)).toEqual(sorted(from(server.snapshot())));
    },
  );
});

describe('what is missing is noticed', () => {
  test('an event whose number is not the next is a gap and changes nothing', () => {
    const state = from(snapshot(4));
    expect(apply(state, told(6, { units: [unit('u1')] }))).toEqual({ state, gap: true });
  });
  test('a heartbeat that knows of a later event is a gap; one that does not is none', () => {
    const state = from(snapshot(4));
    const beat = (seq: number, stream = 'one') =>
      apply(state, { type: 'heartbeat', stream, seq, server_time: '', behind_s: 0 }).gap;
    expect([beat(4), beat(5), beat(4, 'other')]).toEqual([false, true, true]);
  });
  test('the next number of another server is a gap, and so is a number that looks like an old one', () => {
    const state = from(snapshot(4));
    for (const seq of [3, 4, 5]) {
      expect(apply(state, told(seq, { stream: 'other', units: [unit('u1')] }))).toEqual({ state, gap: true });
    }
    const fresh = apply(state, snapshot(2, { stream: 'other', units: [unit('u2')] })).state;
    expect([fresh.seq, [...fresh.units.keys()]]).toEqual([2, ['u2']]);
    expect(apply(fresh, told(3, { stream: 'other' })).gap).toBe(false);
  });
  test('an event before the first snapshot waits for the snapshot and is no gap', () => {
    expect(apply(NOTHING, told(9))).toEqual({ state: NOTHING, gap: false });
  });
});

describe('positions', () => {
  const early = position('2026-11-24T03:00:10Z', 23.1);
  const late = position('2026-11-24T03:00:20Z', 23.2);
  const shown = (state: LiveState) => state.units.get('u1')?.position?.lat;

  test('a late fix never moves a unit backwards', () => {
    const state = from(snapshot(1, { units: [unit('u1', { position: late })] }));
    expect(shown(withPositions(state, [{ unit_id: 'u1', ...early }]))).toBe(23.2);
  });
  test('an event that carries an older position keeps the newer one and takes the rest', () => {
    const state = from(snapshot(1, { units: [unit('u1', { position: late })] }));
    const next = apply(state, told(2, { units: [unit('u1', { position: early, status: 'ON_SCENE' })] })).state;
    expect([shown(next), next.units.get('u1')?.status]).toEqual([23.2, 'ON_SCENE']);
  });
  test('a unit nobody told of stays unknown', () => {
    const state = from(snapshot(1));
    expect(withPositions(state, [{ unit_id: 'u9', ...late }])).toBe(state);
  });
});
