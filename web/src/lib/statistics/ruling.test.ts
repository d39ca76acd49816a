// A ruling is offered where the server takes one: of an incident that has ended, and that was not merged into another.
import { expect, test, vi } from 'vitest';
import type { ReviewCase } from './requests';
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
const { mayBeRuledOn, rowMayBeRuledOn, ruledOut, rulingsFor } = await import('./ruling');

const figure = { outcome: 'within', exclusion: null, response_s: 300 } as const;
const unit = { assignment_id: 'a', unit_id: 'u', unit_name: '101', button_at: '2026-11-24T00:05:00Z', gps_at: null };
const given = { state: 'closed', recorded: figure, reviewed: figure, units: [unit], reviews: [], marks: [] } as unknown as ReviewCase;
const excluded = { ...figure, outcome: 'excluded', exclusion: 'test' } as ReviewCase['reviewed'];

test.each([
  ['closed', true],
  ['cancelled', true],
  ['open', false],
  ['merged', false],
] as const)('of what is %s a ruling is offered: %s', (state, may) => {
  expect(mayBeRuledOn(state)).toBe(may);
  expect(rulingsFor({ ...given, state }, given.units[0]).length > 0).toBe(may);
});

test.each([
  ['ended', '2026-11-24T00:41:30Z', null, true],
  ['ruled to be a duplicate, which can be taken back', '2026-11-24T00:41:30Z', null, true],
  ['cancelled', '2026-11-24T00:41:30Z', 'cancelled', true],
  ['merged', '2026-11-24T00:41:30Z', 'duplicate', false],
  ['open and late already', null, null, false],
  ['open and not late yet', null, 'pending', false],
])('a row of the ledger that is %s', (_, ended_at, recorded_reason, may) => {
  expect(rowMayBeRuledOn({ ended_at, recorded_reason, is_imported: false })).toBe(may);
});

test('no word of a witness that said none; a cancelled incident is not excluded once more', () => {
  expect(rulingsFor(given, given.units[0])).toEqual(['stands', 'button', 'corrected', 'not_reached', 'excluded']);
  expect(rulingsFor({ ...given, reviewed: excluded }, given.units[0])).toContain('counted');
  expect(rulingsFor({ ...given, state: 'cancelled' }, given.units[0])).not.toContain('excluded');
  expect(rulingsFor(given, undefined)).toEqual(['corrected', 'excluded']);
});

test('only an imported incident that nobody reached can be ruled cancelled; one that its file calls a duplicate can be ruled on', () => {
  const bare = { ...given, reviewed: { ...figure, on_scene_at: null, response_s: null } } as ReviewCase;
  expect(ruledOut({ ...bare, is_imported: true })).toContain('cancelled');
  expect(ruledOut({ ...bare, is_imported: false })).not.toContain('cancelled');
  expect(ruledOut({ ...bare, is_imported: true, reviewed: { ...bare.reviewed, on_scene_at: '2026-11-24T00:05:00Z' } })).not.toContain('cancelled');
  expect(rowMayBeRuledOn({ ended_at: '2026-11-24T00:41:30Z', recorded_reason: 'duplicate', is_imported: true })).toBe(true);
});

test('a call that was cancelled when it was late already: the cancellation stands, or it counts', () => {
  const late = { ...given, state: 'cancelled', marks: ['cancelled_late'], reviewed: { ...excluded, exclusion: 'cancelled', on_scene_at: null }, units: [] } as unknown as ReviewCase;
  expect(rulingsFor(late, undefined)).toEqual(['excluded', 'counted', 'stands', 'corrected']);
  expect(ruledOut(late)).toEqual(['cancelled']);
  const counted = { ...late, reviewed: { ...late.reviewed, outcome: 'late', exclusion: null } } as ReviewCase;
  expect(rulingsFor(counted, undefined)).toEqual(['excluded', 'stands', 'corrected']);
  expect(rulingsFor({ ...late, marks: [] }, undefined)).toEqual(['stands', 'corrected']);
});
