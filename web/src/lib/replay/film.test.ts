// A past period plays by the live feed's own rules: any moment, reached from anywhere, is the same picture.
import { expect, test } from 'vitest';
import { dice, event, incident, position, unit } from '../../test/samples';
import { apply, NOTHING, withPositions } from '../feed/state';
import { Film } from './film';
import { pagesOf, type Page, type PastEvent } from './pages';
import { lately, stretchOf } from './period';
import { nextTick, ticksOf } from './ticks';
import { lastBy, positionAt, unpack } from './tracks';

const FROM_MS = Date.parse('2026-11-24T18:00:00Z');
const iso = (at_ms: number) => new Date(at_ms).toISOString();
const NOBODY = { accuracy_m: [], speed_mps: [], course_deg: [] };

const page = (from_ms: number, to_ms: number, change: Partial<Page> = {}): Page => ({
  from: iso(from_ms),
  to: iso(to_ms),
  every_s: 5,
  snapshot: { type: 'snapshot', stream: 'replay', seq: 0, server_time: iso(from_ms), units: [], incidents: [], alarms: [], suggestions: [] },
  events: [],
  tracks: [],
  decisions: [],
  positions_kept_since: iso(0),
  approximate_incidents: [],
  ...change,
});
const told = (seq: number, at_ms: number, change: Partial<PastEvent> = {}): PastEvent => ({
  type: 'event',
  stream: 'replay',
  seq,
  at: iso(at_ms),
  event: event(seq),
  units: [],
  incidents: [],
  alarms: [],
  suggestions: [],
  ...change,
});

test.each([1, 2, 3])('every moment equals the feed played up to it, whichever moment was looked at before (seed %i)', (seed) => {
  const random = dice(seed);
  const events: PastEvent[] = [];
  let at_ms = FROM_MS;
  for (let seq = 1; seq <= 350; seq++) {
    at_ms += Math.floor(random() * 3000);
    const state = random() < 0.7 ? 'open' : 'closed';
    const units = [unit(`u${Math.floor(random() * 4)}`, { position: position(iso(at_ms)) })];
    events.push(told(seq, at_ms, { units, incidents: [incident(`i${Math.floor(random() * 9)}`, { state, version: seq })] }));
  }
  const film = new Film([page(FROM_MS, at_ms + 1, { events })]);
  const { snapshot } = page(FROM_MS, at_ms);
  for (let n = 0; n < 60; n++) {
    const now_ms = FROM_MS + Math.floor(random() * (at_ms - FROM_MS));
    let live = apply(NOTHING, snapshot).state;
    for (const one of events) if (Date.parse(one.at) <= now_ms) live = apply(live, one).state;
    expect(film.at(now_ms)).toEqual(live);
  }
});

test('a unit is where its last fix that had come in says, and as old as that fix was', () => {
  const track = { unit_id: 'u', at_ms: [1000, 5000, 5000], age_ms: [200, 300, 4000], lat_e6: [23_480_000, 100, -50], lon_e6: [120_450_000, 0, 7], ...NOBODY, speed_mps: [null, 8.5, 3] };
  const unpacked = unpack(track, FROM_MS);
  expect(positionAt(unpacked, FROM_MS + 999)).toBeNull();
  const later = positionAt(unpacked, FROM_MS + 10_999);
  expect(later).toMatchObject({ lat: 23.4801, lon: 120.45, speed_mps: 8.5, accuracy_m: null, fixed_at: iso(FROM_MS + 5700) });
  const units = [unit('u')];
  const film = new Film([page(FROM_MS, FROM_MS + 60_000, { snapshot: { ...page(0, 0).snapshot, units }, tracks: [track] })]);
  expect(film.at(FROM_MS).units.get('u')?.position).toBeNull();
  const wanted = positionAt(unpacked, FROM_MS + 12_000);
  expect(film.at(FROM_MS + 12_000)).toEqual(withPositions(film.at(FROM_MS), wanted ? [wanted] : []));
  expect(film.at(FROM_MS + 12_000).units.get('u')?.position?.lat).toBe(23.48005);
});

test('pages follow each other; a line that stands on two is told once', () => {
  const line = told(1, FROM_MS + 59_999);
  const first = page(FROM_MS, FROM_MS + 60_000, { events: [line] });
  const opened = { ...page(0, 0).snapshot, incidents: [incident('i1')] };
  const film = new Film([first, page(FROM_MS + 60_000, FROM_MS + 120_000, { snapshot: opened, events: [{ ...line, at: iso(FROM_MS + 60_000) }] })]);
  expect(film.events.length).toBe(1);
  expect([film.at(FROM_MS + 59_000).incidents.size, film.at(FROM_MS + 60_000).incidents.size]).toEqual([0, 1]);
  expect([film.eventsBy(FROM_MS).length, film.eventsBy(film.to_ms).length]).toEqual([0, 1]);
});

test('calls, lateness as it was known, decisions and alarms are ticks, and one can jump between them', () => {
  const received_at = iso(FROM_MS);
  const call = (seq: number, at_ms: number, id: string, on_scene_at: string | null) =>
    told(seq, at_ms, { event: event(seq, { kind: seq < 3 ? 'incident_created' : 'unit_on_scene' }), incidents: [incident(id, { received_at, on_scene_at })] });
  const events = [
    call(1, FROM_MS + 1000, 'reached', null),
    call(2, FROM_MS + 2000, 'told too late', null),
    call(3, FROM_MS + 500_000, 'reached', iso(FROM_MS + 500_000)),
    told(4, FROM_MS + 510_000, { event: event(4, { kind: 'sos_raised' }) }),
    call(5, FROM_MS + 700_000, 'told too late', iso(FROM_MS + 400_000)),
  ];
  const ticks = ticksOf(new Film([page(FROM_MS, FROM_MS + 800_000, { events })]), 600);
  expect(ticks.map(({ kind, at_ms }) => [kind, at_ms - FROM_MS])).toEqual([
    ['call', 1000],
    ['call', 2000],
    ['alarm', 510_000],
    ['late', 600_000],
  ]);
  expect(nextTick(ticks, FROM_MS + 2000, 1)?.kind).toBe('alarm');
  expect(nextTick(ticks, FROM_MS + 2000, -1)?.at_ms).toBe(FROM_MS + 1000);
  expect(nextTick(ticks, FROM_MS, -1)).toBeNull();
});

test('the last decision by a moment, of all or of one call', () => {
  const decision = (id: string, incident_id: string, at_ms: number, role: string | null = null) =>
    ({ id, incident_id, decided_at: iso(at_ms), role }) as Page['decisions'][number];
  const two = [decision('c', 'i2', FROM_MS + 2000, 'second'), decision('b', 'i2', FROM_MS + 2000, 'first')];
  const decisions = [...two, decision('a', 'i1', FROM_MS - 1000)];
  const film = new Film([page(FROM_MS, FROM_MS + 9000, { decisions })]);
  const ids = (now_ms: number, incident_id: string | null) => film.decisionsBy(now_ms, incident_id).map(({ id }) => id);
  expect([ids(FROM_MS, null), ids(FROM_MS + 2000, null)]).toEqual([['a'], ['b', 'c']]);
  expect([ids(FROM_MS + 2000, 'i1'), ids(FROM_MS - 5000, null)]).toEqual([['a'], []]);
});

test('a period is asked for in pages and ends with the present', () => {
  const wanted = { from_ms: FROM_MS, to_ms: FROM_MS + 3_600_000 };
  expect(pagesOf(wanted, FROM_MS + 9e9).length).toBe(6);
  expect(pagesOf(wanted, FROM_MS + 650_000).at(-1)).toEqual({ from_ms: FROM_MS + 600_000, to_ms: FROM_MS + 650_000 });
  expect(pagesOf(wanted, FROM_MS)).toEqual([]);
});

test('days and hours are those of Taipei', () => {
  expect(stretchOf({ day: '2026-11-25', hour: 2, minute: 10, minutes: 60 })?.from_ms).toBe(FROM_MS + 600_000);
  expect(stretchOf({ day: '', hour: 2, minute: 10, minutes: 60 })).toBeNull();
  const now = lately(FROM_MS + 35 * 60_000 + 9);
  expect(now).toEqual({ day: '2026-11-25', hour: 2, minute: 0, minutes: 60 });
  expect(lately(Date.parse('2026-11-24T16:10:00Z'))).toMatchObject({ day: '2026-11-24', hour: 23, minute: 40 });
});

test('the last of rising numbers that is not greater', () => {
  expect([lastBy([], 1), lastBy([2, 2, 5], 1), lastBy([2, 2, 5], 2), lastBy([2, 2, 5], 9)]).toEqual([-1, -1, 1, 2]);
});
