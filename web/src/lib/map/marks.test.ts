// What stands on the map for a unit, a call, a way, a station.
import { expect, test } from 'vitest';
import { assignment, incident, position, unit } from '../../test/samples';
import { callLabel } from './call_marks';
import { namesFrom } from './mark_layers';
import type { Way } from './requests';
import { goingKey, routeMarks } from './routes';
import { stationMarks } from './station_marks';
import { unitIcon, unitMark, UnitMarks, type Words } from './unit_marks';

const words: Words = { age: (seconds) => `${seconds} s ago`, offline: 'offline' };
const NOW = Date.parse('2026-11-24T03:10:00Z');
const look = { now_ms: NOW, chosen: false, arrives_ms: null };
const seen = (seconds: number, change = {}, arrives_ms: number | null = null) => {
  const fixed_at = new Date(NOW - seconds * 1000).toISOString();
  return unitMark(unit('u1', { position: position(fixed_at), ...change }), { ...look, arrives_ms }, words)?.properties;
};

test('a unit fades after 30 s with its age, and is hatched after 5 min', () => {
  expect(seen(30)).toMatchObject({ label: '北興u1', opacity: 1, moving: true, course_deg: 90, icon: 'unit-car-AVAILABLE' });
  expect(seen(31)).toMatchObject({ label: '北興u1\n31 s ago', opacity: 0.6, moving: false, icon: 'unit-car-AVAILABLE' });
  expect(seen(301)).toMatchObject({ label: '北興u1\n301 s ago', icon: 'unit-car-AVAILABLE-outdated' });
  expect(seen(1, { connected: false })?.['label']).toBe('北興u1\noffline');
});

test('a unit shows its type and status together, and one of no known vehicle is another one', () => {
  expect(unitIcon({ vehicle_type: 'motorcycle', status: 'EN_ROUTE' }, 'fresh')).toBe('unit-motorcycle-EN_ROUTE');
  expect(unitIcon({ vehicle_type: null, status: 'ON_SCENE' }, 'outdated')).toBe('unit-other-ON_SCENE-outdated');
});

test('a unit under way says in its label how long it still needs, and never less than nothing', () => {
  expect(seen(1, {}, NOW + 200_000)?.['label']).toBe('北興u1 → 3:20');
  expect(seen(1, {}, NOW - 5_000)?.['label']).toBe('北興u1 → 0:00');
});

test('a unit whose place is unknown is not drawn anywhere', () => {
  expect(unitMark(unit('u1'), look, words)).toBeNull();
});

test('a call shows its running clock to the second, and says by a word that it is late or that somebody is there', () => {
  expect(callLabel('刑案', { stage: 'running', elapsed_s: 65 }, '計時中')).toBe('刑案\n1:05');
  expect(callLabel('刑案', { stage: 'red', elapsed_s: 723 }, '已逾時')).toBe('刑案\n已逾時 12:03');
  expect(callLabel('刑案', { stage: 'arrived', elapsed_s: 300 }, '已到場')).toBe('刑案\n已到場 5:00');
});

const units = new Map(['u1', 'u2', 'u3'].map((id) => [id, unit(id, { position: position('2026-11-24T03:00:00Z') })]));
const calls = [
  incident('i1', {
    priority: 1,
    assignments: [
      assignment('going', { unit_id: 'u1' }),
      assignment('there', { unit_id: 'u2', state: 'on_scene' }),
      assignment('done', { unit_id: 'u3', ended_at: '2026-11-24T03:00:00Z' }),
      assignment('unseen', { unit_id: 'u9' }),
    ],
  }),
];
const nobody = { incident_id: null, unit_id: null };

test('lines lead from units under way to their incident, none from those that are there or done', () => {
  const marks = routeMarks(calls, units, new Map(), nobody);
  expect([...marks.keys()]).toEqual(['going']);
  expect(marks.get('going')?.properties).toEqual({ priority: 1, street: false, chosen: false });
  expect(goingKey(calls)).toBe('going,unseen');
});

test('a way that the server knows is drawn along its streets; the chosen unit or incident marks it', () => {
  const route = { type: 'LineString' as const, coordinates: [[1, 2], [3, 4], [5, 6]] as [number, number][] };
  const way = { assignment_id: 'going', route, basis: 'street' } as unknown as Way;
  const marks = (chosen: typeof nobody | { incident_id: string; unit_id: null } | { incident_id: null; unit_id: string }) =>
    routeMarks(calls, units, new Map([['going', way]]), chosen).get('going');
  expect(marks(nobody)).toMatchObject({ geometry: route, properties: { street: true, chosen: false } });
  expect(marks({ incident_id: 'i1', unit_id: null })?.properties['chosen']).toBe(true);
  expect(marks({ incident_id: null, unit_id: 'u1' })?.properties['chosen']).toBe(true);
});

test('a precinct stands amid its stations; a station without a place or a precinct makes none', () => {
  const station = (id: string, precinct: string | null, lat: number | null) => ({ id, name: id, precinct, lat, lon: lat && 120 });
  const marks = stationMarks([station('北興', '一', 23), station('長榮', '一', 25), station('後湖', null, 24), station('x', '二', null)]);
  expect([...marks.keys()]).toEqual(['北興', '長榮', '後湖', 'precinct 一']);
  expect(marks.get('precinct 一')?.geometry.coordinates).toEqual([120, 24]);
  expect(marks.get('北興')?.properties['label']).toBe('北興\n一');
});

test('a unit that stands and is fresh keeps its mark; whatever changes its look makes another', () => {
  const marks = new UnitMarks();
  const fixed_at = new Date(NOW).toISOString();
  const standing = unit('u1', { position: position(fixed_at) });
  const draw = (one = standing, now_ms = NOW, chosen: string | null = null, eta: number | null = null, said = words) =>
    marks.of([one], now_ms, chosen, () => eta, said).get('u1');
  const first = draw();
  expect(draw(standing, NOW + 20_000)).toBe(first);
  expect(draw(standing, NOW + 40_000)?.properties['label']).toBe('北興u1\n40 s ago');
  expect(draw()).toEqual(first);
  expect(draw(standing, NOW, 'u1')?.properties['chosen']).toBe(true);
  expect(draw(standing, NOW, null, NOW + 60_000)?.properties['label']).toBe('北興u1 → 1:00');
  expect(draw(unit('u1', { position: position(fixed_at), connected: false }))?.properties['label']).toBe('北興u1\noffline');
  expect(draw(standing, NOW + 310_000)?.properties['icon']).toBe('unit-car-AVAILABLE-outdated');
  expect(marks.of([unit('u1')], NOW, null, () => null, words).size).toBe(0);
});

test('of hundreds of units those whose name matters are named first: at work, out of reach, chosen', () => {
  expect(seen(1)?.['matters']).toBe(false);
  expect(seen(1, { status: 'EN_ROUTE' })?.['matters']).toBe(true);
  expect(seen(90)?.['matters']).toBe(true);
  expect(seen(1, { connected: false })?.['matters']).toBe(true);
  expect(namesFrom(24)).toBe(0);
  expect(namesFrom(600)).toBeGreaterThan(namesFrom(100));
});
