// A question: begun with the bureau as it is, changed, sent, and taken up again as it was asked.
import { expect, test } from 'vitest';
import { addStation, baseVariant, closeStation, cutInto, draftOf, duplicate, newDraft, questionOf, unitCount } from './draft';
import { shiftText } from './shifts';
import type { Base, WhatIf } from './types';
import { wrongsOf } from './wrongs';

const LIMITS = { variants: 6, replications: 50, days: 31, units: 200, stations: 60, fewest_calls: 50 };
const base: Base = {
  stations: [
    { station_id: 'n', name: '北興', lat: 23.49, lon: 120.45, is_assumed: false },
    { station_id: 's', name: '南門', lat: 23.47, lon: 120.44, is_assumed: true },
  ],
  units: [
    { station: '北興', cars: 2, motorcycles: 1, starts: null, ends: null, capabilities: [] },
    { station: '北興', cars: 1, motorcycles: 0, starts: null, ends: null, capabilities: ['accident'] },
    { station: '南門', cars: 2, motorcycles: 0, starts: null, ends: null, capabilities: [] },
  ],
  units_without_station: 0,
  calls: 900,
  first_day: '2026-10-01',
  last_day: '2026-11-10',
  has_map: true,
  policies: ['batch-reoptimised'],
  presets: ['none', 'festival', 'typhoon'],
  limits: LIMITS,
};
const begun = () => newDraft(base, '2026-11-12', 'Q', 'As it is', 'Other');

test('it begins with the last four weeks of calls and two equal variants that can be sent', () => {
  const draft = begun();
  expect([draft.source, draft.first, draft.last]).toEqual(['past', '2026-10-14', '2026-11-10']);
  expect([...wrongsOf(draft, LIMITS).keys()]).toEqual([]);
  const question = questionOf(draft);
  expect(question.period).toEqual({ from: '2026-10-14', to: '2026-11-11', mode: 'resample' });
  expect([question.days, question.calls_per_day, question.seed]).toEqual([7, null, null]);
  const [first, second] = question.variants;
  expect(first?.stations).toEqual([
    { station_id: 'n', name: '北興', lat: 23.49, lon: 120.45 },
    { station_id: 's', name: '南門', lat: 23.47, lon: 120.44 },
  ]);
  expect(first?.units).toEqual(base.units);
  expect({ ...second, name: 'As it is' }).toEqual(first);
});

test('too few calls on record: invented ones are proposed', () => {
  const draft = newDraft({ ...base, calls: 3, first_day: null, last_day: null }, '2026-11-12', 'Q', 'A', 'B');
  expect([draft.source, questionOf(draft).period, questionOf(draft).calls_per_day]).toEqual(['surface', null, 200]);
});

test('a copy is changed without the original', () => {
  const own = baseVariant(base, 'A');
  const copy = duplicate(own, 'B');
  const first = copy.rows[0]?.counts[0];
  if (first) first.cars += 5;
  expect([unitCount(own).cars, unitCount(copy).cars]).toEqual([5, 10]);
  expect(new Set([...own.rows, ...copy.rows].map(({ key }) => key)).size).toBe(6);
});

test('shifts: what was there all day is there in each, and back again', () => {
  const own = baseVariant(base, 'A');
  cutInto(own, 'three');
  expect(unitCount(own)).toEqual({ cars: 15, motorcycles: 3 });
  const draft = begun();
  draft.variants[0] = own;
  expect(questionOf(draft).variants[0]?.units.slice(0, 3).map(({ starts, ends }) => [starts, ends])).toEqual([
    ['08:00', '16:00'],
    ['16:00', '00:00'],
    ['00:00', '08:00'],
  ]);
  cutInto(own, 'always');
  expect(unitCount(own)).toEqual({ cars: 5, motorcycles: 1 });
  expect(shiftText({ starts: '16:00', ends: '00:00' })).toBe('16–24');
});

test('stations come and go, with all rows of theirs', () => {
  const own = baseVariant(base, 'A');
  const [north] = own.rows;
  if (north) closeStation(own, north);
  expect(own.rows.map(({ station }) => station)).toEqual(['南門']);
  addStation(own);
  expect(own.rows).toHaveLength(2);
  const draft = begun();
  draft.variants[1] = own;
  expect([...wrongsOf(draft, LIMITS).keys()]).toEqual([`${own.key}.stations`, `${own.key}.places`]);
});

test('what is wrong is said by its field', () => {
  const draft = begun();
  const [own, other] = draft.variants;
  if (!own || !other) throw new Error('two variants');
  Object.assign(draft, { name: ' ', first: '2026-11-11', replications: 1, seed: 'x', days: 1.5 });
  Object.assign(other, { name: own.name, demand_pct: 900 });
  for (const { counts } of own.rows) for (const count of counts) Object.assign(count, { cars: 0, motorcycles: 0 });
  expect([...wrongsOf(draft, LIMITS).keys()].sort()).toEqual(
    [
      'name', 'period', 'days', 'replications', 'seed',
      `${own.key}.name`, `${own.key}.units`, `${other.key}.name`, `${other.key}.demand`,
    ].sort(),
  );
  Object.assign(draft, { mode: 'replay', first: '2026-11-01' });
  Object.assign(other, { demand_pct: 20 });
  const wrongs = wrongsOf(draft, LIMITS);
  expect(wrongs.has('days')).toBe(false);
  expect(wrongs.get(`${other.key}.demand`)?.key).toBe('what_if_wrong_replay');
});

test('what was asked becomes the same question again', () => {
  const draft = begun();
  const other = draft.variants[1];
  if (other) cutInto(other, 'two');
  const question = questionOf(draft);
  const again = questionOf(draftOf({ name: question.name, asked: { ...question } } as unknown as WhatIf));
  expect(again).toEqual(question);
});
