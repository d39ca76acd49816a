// Tables as files, bins and classes as words, rulings and times as a supervisor gives them.
import { expect, test, vi } from 'vitest';
import type { Report, ReviewCase } from './requests';
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
vi.stubGlobal('matchMedia', () => ({ matches: false }));
const { csvOf, cell } = await import('./table');
const { binsOf } = await import('./charts/spread');
const { classOf, className } = await import('./charts/hexagons');
const { etaBars } = await import('./charts/eta_bars');
const { controlChart } = await import('./charts/months');
const { heatMap } = await import('./charts/heat');
const { fileOf } = await import('./asked_words');
const { countCell, groupName, monthName, shareCell } = await import('./words');
const { isBureaus, targetOf, verdictOf } = await import('./verdict');
const { dayOf, instantOf, rulingsFor } = await import('./ruling');
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
  expect(dayOf('23:58', '2026-11-24T23:50:00+08:00')).toBe('2026-11-24');
  expect(dayOf('00:03:30', '2026-11-24T23:55:00+08:00')).toBe('2026-11-25');
  expect(dayOf('', '2026-11-24T23:55:00+08:00')).toBe('2026-11-24');
  expect(instantOf('2026-11-24', '23:58')).toBe('2026-11-24T15:58:00.000Z');
  expect(instantOf('2026-11-25', '00:03:30')).toBe('2026-11-24T16:03:30.000Z');
  expect([instantOf('2026-11-24', ''), instantOf('', '10:00')]).toEqual([null, null]);
});

test('a time before the call is said to be before it, never a day later', () => {
  expect(dayOf('08:30', '2026-11-24T08:30:40+08:00')).toBe('2026-11-24');
  expect(dayOf('19:00', '2026-11-24T21:00:00+08:00')).toBe('2026-11-24');
  expect(dayOf('00:30', '2026-11-24T02:00:00+08:00')).toBe('2026-11-24');
});

test('where nobody was sent, somebody may have been there all the same', () => {
  const nobody = { units: [], reviews: [], state: 'closed', reviewed: { outcome: 'late' } } as unknown as ReviewCase;
  expect(rulingsFor(nobody, undefined)).toEqual(['stands', 'corrected', 'excluded']);
});

test('somebody who was not sent may have been there before the units; it is taken back where it was ruled', () => {
  const sent = { units: [{}], reviews: [], state: 'closed', reviewed: { outcome: 'late' } } as unknown as ReviewCase;
  expect(rulingsFor(sent, undefined)).toEqual(['corrected', 'excluded']);
  const ruled = { ...sent, reviews: [{ counts: true, ruling: 'corrected', assignment_id: null }] } as unknown as ReviewCase;
  expect(rulingsFor(ruled, undefined)).toEqual(['stands', 'corrected', 'excluded']);
});

test('what counts nothing opens nothing; a share of 0 opens the late ones behind it', () => {
  expect(countCell(0, asked).opens).toBeUndefined();
  expect(shareCell(0, asked).opens).toBe(asked);
});

const row = (group: string, measured: number, within_target: number) => ({
  ...{ group, incidents: measured, measured, within_target, excluded: {}, unreached: 0, cell: null },
  ...{ share: measured ? within_target / measured : null, share_low: 0, share_high: 0.2, p50_s: 700, p90_s: 900, mean_s: 720 },
});
const week = { items: [row('1-08', 25, 0), row('7-23', 3, 3)], clock: 'received', target_share: null, target_s: 600 } as unknown as Report;

test('an hour of the week in which all were late opens them; the file has a line for each hour, with n and whether it is few', () => {
  const heat = heatMap(week, 'share', asked);
  expect(heat.marks[8]?.opens?.filters).toEqual({ weekday: ['1'], hour: ['8'] });
  expect(heat.table.rows[0]?.cells[8]?.opens?.filters).toEqual({ weekday: ['1'], hour: ['8'] });
  expect(heat.marks[9]?.opens).toBeNull();
  const lines = csvOf(heat.records ?? heat.table).trim().split('\r\n');
  expect(lines).toHaveLength(1 + 7 * 24);
  expect(lines[1 + 8]).toBe('週一,08–09,25,25,0,0,0,0.2,700,900,0,');
  expect(lines[7 * 24]).toBe('週日,23–24,3,3,3,1,0,0.2,700,900,0,案件少於 20 件，僅供參考');
});

test('a month that is not over says so in mark, table and file', () => {
  const month = { month: '2026-10', incidents: 30, measured: 30, within_target: 27, share: 0.9, share_low: 0.8, share_high: 0.95, p50_s: 400, p90_s: 590 };
  const quiet = { limit_low: null, limit_high: null, signal: null, last_year: null, target_share: null };
  const items = [{ ...month, ...quiet, complete: true }, { ...month, ...quiet, month: '2026-11', complete: false }];
  const chart = controlChart({ centre: null, items }, asked);
  expect(chart.marks.map(({ lines }) => lines.includes('本月未完，不比較'))).toEqual([false, true]);
  expect(chart.table.rows.map(({ head }) => head.shown)).toEqual(['115-10', '115-11（未完）']);
  expect(csvOf(chart.table)).toMatch(/2026-11,30.*本月未完，不比較/);
});

test('few journeys are said to be few in table, mark and file', () => {
  const one = { group: '08', n: 3, bias_s: 12, mae_s: 20, ratio_p10: 1, ratio_p50: 1, ratio_p90: 1, turnout_p50_s: 40, from_order_n: 4, from_order_bias_s: 60 };
  const bars = etaBars({ items: [one, { ...one, group: '09', n: 40 }], group_by: 'hour', from: null, to: null, version_in_force: 0 }, asked);
  expect(bars.marks[0]?.lines.at(-1)).toBe('案件少於 20 件，僅供參考');
  expect(bars.table.rows[0]?.cells[0]?.opens?.pick).toEqual({ eta: 'n.hour.08' });
  expect(bars.table.rows.map(({ cells }) => cells.at(-1)?.value)).toEqual(['案件少於 20 件，僅供參考', '']);
});

test('a picture and a file say what they are of: period, clock, whose figures, each filter', () => {
  const narrow = { ...asked, clock: 'dispatched', figures: 'recorded', filters: { station: ['後湖', 'unknown'], hour: ['8'] } } as const;
  const days = { first: '2026-10-26', last: '2026-11-24' };
  const { of, file } = heatMap(week, 'share', { ...narrow, days });
  expect(of).toBe('2026-10-26 – 2026-11-24 · 計時起點：派遣 · 數字：原紀錄 · 派出所：後湖、（未分） · 時段：08–09');
  expect(file).toBe('weekday-hour-share-2026-10-26-2026-11-24-dispatched-recorded-filtered');
  expect(fileOf('ledger', { ...asked, days })).toBe('ledger-2026-10-26-2026-11-24-received-reviewed');
});

test('the target is the bureau\'s, from receipt', () => {
  expect([targetOf({ clock: 'received', target_share: 0.9 }), targetOf({ clock: 'dispatched', target_share: 0.9 })]).toEqual([0.9, null]);
  expect([isBureaus(asked), isBureaus({ ...asked, clock: 'dispatched' }), isBureaus({ ...asked, filters: { hour: ['8'] } })]).toEqual([true, false, false]);
});
