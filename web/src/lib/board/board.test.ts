// The board's filter, groups and steps.
import { expect, test } from 'vitest';
import { assignment, incident, unit } from '../../test/samples';
import { EVERYTHING, isFiltered, passesAssignment, passesIncident, passesUnit, readFilter, UNIT_STATUSES } from './filter';
import { countsOf, grouped, NONE, type Keys } from './groups';
import { expectedAt, stepSince } from './steps';

const call = incident('i1', {
  priority: 1,
  category: 'traffic',
  station: '北興',
  address: '中山路 100 號',
  assignments: [assignment('a', { unit_name: 'North-7' }), assignment('b', { unit_name: 'Gone', ended_at: '2026-11-24T03:05:00Z' })],
});

test('what a browser kept comes back whole, and what it kept wrongly is as if nothing was chosen', () => {
  const filter = { ...EVERYTHING, text: 'x', priority: '2', status: 'ON_SCENE', group: 'precinct' } as const;
  expect(readFilter(JSON.stringify(filter))).toEqual(filter);
  for (const kept of [null, 'no json', '7', 'null', '{"priority":"9","status":"LOST","group":"x"}']) {
    expect(readFilter(kept)).toEqual(EVERYTHING);
  }
  expect(isFiltered(EVERYTHING)).toBe(false);
  expect(isFiltered(filter)).toBe(true);
});

test.each([
  [{ text: '中山' }, true],
  [{ text: ' north-7 ' }, true],
  [{ text: 'gone' }, false],
  [{ text: 'Traffic' }, true],
  [{ priority: '1', station: '北興', category: 'traffic' }, true],
  [{ priority: '2' }, false],
  [{ station: '南門' }, false],
  [{ category: 'service' }, false],
] as const)('an incident passes %o: %s', (chosen, passes) => {
  expect(passesIncident(call, { ...EVERYTHING, ...chosen }, 'Traffic')).toBe(passes);
});

test('a unit passes by its own words, and by the incident that it is on', () => {
  const busy = unit('u1', { status: 'EN_ROUTE', plate: 'RAA-1' });
  const only = (chosen: object) => ({ ...EVERYTHING, ...chosen });
  expect(passesUnit(busy, call, only({ priority: '1', status: 'EN_ROUTE', text: 'raa' }))).toBe(true);
  expect(passesUnit(busy, undefined, only({ priority: '1' }))).toBe(false);
  expect(passesUnit(busy, call, only({ status: 'AVAILABLE' }))).toBe(false);
  const [going] = call.assignments;
  expect(going && passesAssignment(going, call, busy, only({ status: 'EN_ROUTE', text: 'north' }), '')).toBe(true);
  expect(going && passesAssignment(going, call, busy, only({ status: 'ON_SCENE' }), '')).toBe(false);
});

test('groups hold each row once; statuses come in the order of the work, and what has none comes last', () => {
  const keys = (status: string, station: string | null, priority: number | null): Keys => ({ status, station, priority, precinct: null });
  const rows = [keys('ON_SCENE', '南門', 3), keys('AVAILABLE', null, null), keys('AVAILABLE', '北興', 1), keys('EN_ROUTE', null, 2)];
  const of = (by: Parameters<typeof grouped>[1]) => grouped(rows, by, (row) => row, UNIT_STATUSES);
  expect(of('status').map(({ key }) => key)).toEqual(['AVAILABLE', 'EN_ROUTE', 'ON_SCENE']);
  expect(of('priority').map(({ key }) => key)).toEqual(['1', '2', '3', NONE]);
  expect(of('station').at(-1)).toMatchObject({ key: NONE, rows: [rows[1], rows[3]] });
  expect(of('none')).toEqual([{ key: '', rows }]);
  expect(of('precinct')).toEqual([{ key: NONE, rows }]);
  expect(grouped([], 'none', (row: Keys) => row, [])).toEqual([]);
  expect(countsOf(rows, ({ status }) => status).get('AVAILABLE')).toBe(2);
});

test('a step began when it was reported; the arrival is expected by the unit that comes first, else as it was told', () => {
  const going = assignment('a', { acknowledged_at: '2026-11-24T03:00:20Z', eta_s: 60 });
  expect(stepSince(going)).toBe('2026-11-24T03:00:20Z');
  expect(stepSince(assignment('a'))).toBe('2026-11-24T03:00:00+00:00');
  expect(expectedAt(going, undefined)).toEqual({ at_ms: Date.parse('2026-11-24T03:01:00Z'), is_live: false });
  const lateness = {
    incident_id: 'i1',
    late_chance: 0,
    basis: 'under_way',
    risk: 1,
    by_unit_id: 'u1',
    expected_on_scene_at: '2026-11-24T03:02:00Z',
  } as const;
  expect(expectedAt(going, lateness)).toEqual({ at_ms: Date.parse('2026-11-24T03:02:00Z'), is_live: true });
  expect(expectedAt({ ...going, unit_id: 'u2' }, lateness)?.is_live).toBe(false);
  expect(expectedAt({ ...going, unit_id: 'u2' }, lateness, 7)).toEqual({ at_ms: 7, is_live: true });
  expect(expectedAt({ ...going, eta_s: null }, undefined)).toBeNull();
  expect(expectedAt({ ...going, on_scene_at: '2026-11-24T03:02:00Z' }, lateness)).toBeNull();
});
