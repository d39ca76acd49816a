// The address holds the whole question; what it says wrongly is left out; a figure leads to what it counts.
import { expect, test } from 'vitest';
import { argumentOf, askedOf, filtered, ledgerOf, narrowed, type Asked } from './asked';
import { daysOf, daysOfMonth, monthBefore, periodOf } from './period';

const NOW_MS = Date.parse('2026-11-24T03:07:00+08:00');
const fresh = askedOf('', NOW_MS);

test('a fresh page shows the last thirty days from receipt, after review, unfiltered', () => {
  expect(fresh).toEqual({
    tab: 'overview',
    days: { first: '2026-10-26', last: '2026-11-24' },
    clock: 'received',
    figures: 'reviewed',
    filters: {},
    group: 'station',
    measure: 'share',
    eta_group: 'hour',
    pick: {},
  });
});

const full: Asked = {
  tab: 'ledger',
  days: { first: '2026-01-01', last: '2026-06-30' },
  clock: 'dispatched',
  figures: 'recorded',
  filters: { precinct: ['第一分局', 'A & B=C'], hour: ['0', '23'], late_reason: ['turnout'], cell: ['884ba0a411fffff'] },
  group: 'unit_type',
  measure: 'p90',
  eta_group: 'version',
  pick: { outcome: 'late', mark: 'gps_gap', sort: 'slowest', over_s: '600', up_to_s: '630', part: 'travel', nearest: 'in_time', eta: 'from_order_n.hour.08', review: 'done' },
};

test('an address gives back what was asked for, now and years later', () => {
  expect(askedOf(argumentOf(full), NOW_MS)).toEqual(full);
  expect(askedOf(argumentOf(fresh), NOW_MS + 1e12)).toEqual(fresh);
});

test.each([
  ['tab=nowhere&clock=moon&figures=x&group=cell&measure=z&eta_group=cell', fresh],
  ['first=2026-13-01&last=2026-11-24', fresh],
  ['first=2026-11-01', fresh],
  ['first=0202-01-01&last=2026-11-24', fresh],
  ['priority=9&hour=24&weekday=0&shift=noon&category=party&station=', fresh],
  ['outcome=maybe&reason=x&mark=x&sort=oldest&over_s=-1&part=x&nearest=x&eta=n.moon.1&review=half', fresh],
])('what is wrong in an address is left out: %s', (argument, expected) => {
  expect(askedOf(argument, NOW_MS)).toEqual(expected);
});

test('a link to the journeys of a group shows the groups that it is one of; other groups beside them are said', () => {
  const behind = askedOf('tab=etas&eta=n.version.3', NOW_MS);
  expect(behind.eta_group).toBe('version');
  const others = { ...behind, eta_group: 'hour' } as const;
  expect(askedOf(argumentOf(others), NOW_MS)).toEqual(others);
  expect(argumentOf(behind)).not.toContain('eta_group');
});

test('a filter is set, changed, and taken away', () => {
  const one = filtered(fresh, 'station', ['北興']);
  expect(filtered(one, 'station', ['南門']).filters).toEqual({ station: ['南門'] });
  expect(filtered(one, 'station', []).filters).toEqual({});
});

test.each([
  ['day', '2026-11-20', { ...fresh, days: { first: '2026-11-20', last: '2026-11-20' } }],
  ['month', '2026-10', { ...fresh, days: { first: '2026-10-26', last: '2026-10-31' } }],
  ['month', '2026-11', { ...fresh, days: { first: '2026-11-01', last: '2026-11-24' } }],
  ['weekday_hour', '3-08', { ...fresh, filters: { weekday: ['3'], hour: ['8'] } }],
  ['hour', '08', { ...fresh, filters: { hour: ['8'] } }],
  ['station', 'unknown', { ...fresh, filters: { station: ['unknown'] } }],
  ['nothing', 'x', fresh],
])('a figure by %s leads to what it counts: %s', (group, key, expected) => {
  expect(narrowed(fresh, group, key)).toEqual(expected);
});

test('the ledger of a figure forgets what was picked in it before', () => {
  expect(ledgerOf(full, { outcome: 'within' })).toEqual({ ...full, pick: { outcome: 'within' } });
});

test('periods of the calendar, across a year and in a leap year', () => {
  expect(daysOfMonth('2028-02')).toEqual({ first: '2028-02-01', last: '2028-02-29' });
  expect(monthBefore('2026-01-31')).toBe('2025-12');
  expect(monthBefore('2026-11-24', 23)).toBe('2024-12');
  expect(daysOf('last_month', NOW_MS)).toEqual({ first: '2026-10-01', last: '2026-10-31' });
  expect(daysOf('year', NOW_MS)).toEqual({ first: '2026-01-01', last: '2026-11-24' });
  expect(daysOf('last_year', NOW_MS)).toEqual({ first: '2025-01-01', last: '2025-12-31' });
  expect(periodOf(daysOf('month', NOW_MS), NOW_MS)).toBe('month');
  expect(periodOf({ first: '2026-11-02', last: '2026-11-24' }, NOW_MS)).toBe('own');
});
