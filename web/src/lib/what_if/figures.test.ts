// What a difference tells, how figures are written, and what a spreadsheet gets.
import { expect, test } from 'vitest';
import { csvOf, field, fileName } from './export';
import { changeText, intervalText, meanText, verdict } from './figures';
import type { Comparison, WhatIf } from './types';

const change = (low: number | null, high: number | null): Comparison => {
  const mean = low === null || high === null ? null : (low + high) / 2;
  const estimate = { mean, low, high, n: 10 };
  return { difference: estimate, relative: estimate };
};

test('a difference is told where the whole interval is on one side, and by what is good', () => {
  expect(verdict('share', change(0.01, 0.05))).toBe('better');
  expect(verdict('share', change(-0.05, -0.01))).toBe('worse');
  expect(verdict('p90_s', change(-60, -10))).toBe('better');
  expect(verdict('late_priority_1', change(0.001, 0.01))).toBe('worse');
  expect(verdict('mean_s', change(-5, 5))).toBe('same');
  expect(verdict('mean_s', change(0, 0))).toBe('same');
  expect(verdict('utilisation', change(0.01, 0.02))).toBe('more');
  expect(verdict('kilometres', change(-20, -10))).toBe('less');
  expect(verdict('share', change(null, null))).toBe('unknown');
  expect(verdict('share', undefined)).toBe('unknown');
});

test('figures keep within what they can be', () => {
  const wide = { mean: 0.98, low: 0.93, high: 1.03, n: 3 };
  expect([meanText('share', wide), intervalText('share', wide)]).toEqual(['98.0 %', '93.0 % – 100.0 %']);
  expect(intervalText('p90_s', { mean: 300, low: -40, high: 640, n: 3 })).toBe('0:00 – 10:40');
  expect(meanText('kilometres', { mean: 12345.6, low: null, high: null, n: 1 })).toBe('12,346 km');
  expect(meanText('p90_s', { mean: null, low: null, high: null, n: 3 })).toBe('–');
  expect([changeText('share', 0.0321), changeText('p90_s', -75), changeText('kilometres', 20)]).toEqual(['+3.2', '−1:15', '+20']);
});

test('the CSV begins with a byte order mark, keeps all digits, and holds no formula', () => {
  const value = { mean: 0.123456789, low: 0.1, high: 0.2, n: 10 };
  const variants = [
    { name: '=1+1', summary: { share: value }, against_first: {} },
    { name: 'a "b", c', summary: { share: value }, against_first: { share: change(0.01, 0.03) } },
  ];
  const words = { headings: ['name', 'seed'], figure: (figure: string) => figure, verdict: (told: string) => told };
  const text = csvOf({ name: 'Q', seed: 7, result: { variants } } as unknown as WhatIf, words);
  const lines = text.split('\r\n');
  expect(text.codePointAt(0)).toBe(0xfeff);
  expect(lines).toHaveLength(1 + 12 + 1);
  expect(lines[1]).toBe("Q,7,'=1+1,share,0.123456789,0.1,0.2,10,,,,");
  expect(lines[7]).toBe('Q,7,"a ""b"", c",share,0.123456789,0.1,0.2,10,0.02,0.01,0.03,better');
  expect([field(null), field('-x'), field('plain')]).toEqual(['', "'-x", 'plain']);
  expect(fileName('一月 / 颱風?', 'csv')).toBe('一月-颱風-.csv');
});
