// Tables as files, bins and classes as words, rulings and times as a supervisor gives them.
import { expect, test, vi } from 'vitest';
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
vi.stubGlobal('matchMedia', () => ({ matches: false }));
const { csvOf, cell } = await import('./table');
const { binsOf } = await import('./charts/spread');
const { classOf, className } = await import('./charts/hexagons');
const { groupName, monthName } = await import('./words');
const { verdictOf } = await import('./verdict');
const { instantOf } = await import('./ruling');
const { askedOf } = await import('./asked');

const asked = askedOf('', Date.parse('2026-11-24T03:07:00+08:00'));

test('a table as a file: a byte order mark, all digits, no formula, lines that end with CR LF', () => {
  const rows = [{ key: 'a', head: { value: '=1+1', shown: '=1+1' }, cells: [cell(0.123456789, () => '12.3 %'), cell(null), cell('a, "b"')] }];
  expect(csvOf({ heads: ['派出所', 'x', 'y', 'z'], rows })).toBe('\uFEFF派出所,x,y,z\r\n\'=1+1,0.123456789,,"a, ""b"""\r\n');
});

test('a bin says from when to when, and opens exactly what it counts; the last two are longer and never', () => {
  const bins = [
    { from_s: 570, to_s: 600, n: 3 },
    { from_s: 600, to_s: 630, n: 2 },
  ];
  const found = binsOf({ target_s: 600, bin_s: 30, bins, beyond: 1, unreached: 4, measured: 10 }, asked);
  expect(found.map(({ name, n, late }) => [name, n, late])).toEqual([
    ['9:30–10:00', 3, false],
    ['10:00–10:30', 2, true],
    ['超過 10:30', 1, true],
    ['未到場', 4, true],
  ]);
  expect(found.map(({ opens }) => opens.pick)).toEqual([
    { outcome: 'within', reached: 'yes', over_s: '570', up_to_s: '600' },
    { outcome: 'late', reached: 'yes', over_s: '600', up_to_s: '630' },
    { outcome: 'late', reached: 'yes', over_s: '630' },
    { outcome: 'late', reached: 'no' },
  ]);
});

test('a hexagon that nobody reached in nine of ten is in the worst class, whatever is shown', () => {
  expect(classOf({ share: 0.95, p90_s: 420 }, 'share')).toBe(0);
  expect(classOf({ share: 0.59, p90_s: null }, 'share')).toBe(4);
  expect(classOf({ share: 0.59, p90_s: null }, 'p90')).toBe(4);
  expect([className(0, 'share'), className(4, 'share'), className(1, 'p90'), className(4, 'p90')]).toEqual(['≥ 95 %', '< 60 %', '≤ 10:00', '> 16:00']);
});

test('groups in words: hours as spans, months of the Republic, what has no name', () => {
  expect(groupName('weekday_hour', '3-08')).toBe('週三 08–09');
  expect(monthName('2026-11')).toBe('115-11');
  expect(groupName('station', 'unknown')).toBe('（未分）');
  expect(groupName('late_reason', 'unknown')).toBe('無法判定');
});

test('a target is reached or missed where the whole interval says so', () => {
  expect(verdictOf({ share_low: 0.9, share_high: 0.95 }, 0.9)).toBe('reached');
  expect(verdictOf({ share_low: 0.85, share_high: 0.9 }, 0.9)).toBe('open');
  expect(verdictOf({ share_low: 0.8, share_high: 0.899 }, 0.9)).toBe('missed');
  expect(verdictOf({ share_low: null, share_high: null }, 0.9)).toBe('none');
  expect(verdictOf({ share_low: 0.8, share_high: 0.9 }, null)).toBe('none');
});

test('the time of an arrival is of the day of the call, or of the next one after midnight', () => {
  expect(instantOf('2026-11-24', '23:58', '2026-11-24T23:50:00+08:00')).toBe('2026-11-24T15:58:00.000Z');
  expect(instantOf('2026-11-24', '00:03:30', '2026-11-24T23:55:00+08:00')).toBe('2026-11-24T16:03:30.000Z');
  expect(instantOf('2026-11-24', '', '2026-11-24T23:55:00+08:00')).toBeNull();
});
