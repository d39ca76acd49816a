// Figures and times as people read them; Taipei's time wherever the browser stands.
import { expect, test } from 'vitest';
import { daysOf, instants } from '../statistics/period';
import { clockTime, distance, duration, isoDay, minutesBegun, percent, place, readPlace, span, wholePercent } from './format';

test('times are those of Taipei, on a 24 hour clock, in both languages', () => {
  for (const locale of ['zh-TW', 'en']) {
    expect(clockTime('2026-11-23T16:05:09Z', locale)).toBe('00:05:09');
    expect(clockTime('2026-11-24T03:00:00+00:00', locale)).toBe('11:00:00');
  }
});

test('spans grow an hour only when they have one', () => {
  expect([-5, 0, 65.9, 599, 3729].map(span)).toEqual(['0:00', '0:00', '1:05', '9:59', '1:02:09']);
});

test('distances are read at the fineness that matters', () => {
  expect([4, 846, 996, 2449].map(distance)).toEqual(['0 m', '850 m', '1.0 km', '2.4 km']);
});

test('a typed place is latitude first and must lie on earth', () => {
  expect(readPlace(' 23.48012，120.4531 ')).toEqual({ lat: 23.48012, lon: 120.4531 });
  expect(readPlace(place({ lat: -1.5, lon: 7 }))).toEqual({ lat: -1.5, lon: 7 });
  for (const nonsense of ['', '23.48', 'a, b', '91, 10', '10, 181', '1,2,3']) expect(readPlace(nonsense)).toBeNull();
});

test('a share is shown to a tenth of a percent', () => {
  expect(percent(0.8791)).toBe('87.9 %');
});

test('a measured time over ten minutes never reads as ten, one of ten minutes never as more', () => {
  expect([599.2, 600, 600.4, 3729].map(duration)).toEqual(['10:00', '10:00', '10:01', '1:02:09']);
  expect([599.2, 600, 600.4, 657, 3729].map(minutesBegun)).toEqual([10, 10, 11, 11, 63]);
});

test('a share is all only where it is all, and no whole percent that it has not reached', () => {
  expect([0.9994, 0.9996, 1, 1 - 1e-12].map(percent)).toEqual(['99.9 %', '99.9 %', '100.0 %', '100.0 %']);
  expect([0.896, 0.29, 0.9, 0.95, 0.996, 1].map(wholePercent)).toEqual([89, 29, 90, 95, 99, 100]);
});

test('a day of the report begins at midnight in Taipei', () => {
  const night = Date.parse('2026-11-23T16:30:00Z');
  expect(isoDay(night)).toBe('2026-11-24');
  expect(instants(daysOf('today', night))).toEqual({ from: '2026-11-23T16:00:00.000Z', to: '2026-11-24T16:00:00.000Z' });
  expect(daysOf('days7', night)).toEqual({ first: '2026-11-18', last: '2026-11-24' });
  expect(daysOf('days30', night).first).toBe('2026-10-26');
  expect(daysOf('month', night).first).toBe('2026-11-01');
  expect(instants({ first: '2026-11-25', last: '2026-11-23' })).toBeNull();
});
