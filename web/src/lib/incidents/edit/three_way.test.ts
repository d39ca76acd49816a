// Two desks, one incident: nobody's change is lost without somebody having seen it.
import { describe, expect, test } from 'vitest';
import { dice, event } from '../../../test/samples';
import { changedFields, FIELDS, isSame, toChange, type EditValues, type Field } from './fields';
import { authorOf, decide, merge } from './three_way';

const values = (change: Partial<EditValues> = {}): EditValues => ({
  category: 'criminal',
  priority: 2,
  accident_class: null,
  place: [23.48, 120.45],
  address: '中山路 1 號',
  description: '',
  caller_name: '',
  caller_phone: '',
  ...change,
});

describe('one field', () => {
  test('that only the other changed is taken over and told', () => {
    const { mine, taken, conflicts } = merge(values(), values(), values({ priority: 1 }), []);
    expect([mine.priority, taken.map(({ field }) => field), conflicts]).toEqual([1, ['priority'], []]);
  });
  test('that only this desk changed stays, and is all that is sent', () => {
    const { base, mine, taken } = merge(values(), values({ address: '民族路 2 號' }), values({ priority: 1 }), []);
    expect(toChange(base, mine, 7)).toEqual({ version: 7, address: '民族路 2 號' });
    expect(taken).toHaveLength(1);
  });
  test('that both changed alike is no question', () => {
    const { base, mine, conflicts } = merge(values(), values({ priority: 1 }), values({ priority: 1 }), []);
    expect([changedFields(base, mine), conflicts]).toEqual([[], []]);
  });
  test('that both changed differently waits for a decision, and either way is possible', () => {
    const theirs = values({ address: '民族路' });
    const form = merge(values(), values({ address: '忠孝路' }), theirs, []);
    expect(form.conflicts).toMatchObject([{ field: 'address', before: '中山路 1 號', after: '民族路' }]);
    const kept = decide(form, 'address', theirs, 'mine');
    expect(toChange(kept.base, kept.mine, 3)).toEqual({ version: 3, address: '忠孝路' });
    const given = decide(form, 'address', theirs, 'theirs');
    expect([given.mine.address, changedFields(given.base, given.mine)]).toEqual(['民族路', []]);
  });
});

test('a place is one field, an emptied text is taken away, blanks are nobody\u2019s change', () => {
  const mine = values({ place: [23.5, 120.5], address: ' ', description: '  ' });
  expect(toChange(values(), mine, 1)).toEqual({ version: 1, lat: 23.5, lon: 120.5, address: null });
});

test('who changed it last stands in the timeline', () => {
  const change = (id: number, actor: string, members: string[]) => event(id, { actor, data: { members } });
  const events = [change(9, 'new', ['lat', 'lon']), change(4, 'old', ['lat', 'lon', 'priority']), event(12, { kind: 'unit_en_route' })];
  expect([authorOf('place', events).name, authorOf('priority', events).name, authorOf('address', events).name]).toEqual([
    'new',
    'old',
    null,
  ]);
});

test.each([1, 2, 3, 4, 5])('whatever both do, nothing is sent that was not touched or decided (seed %i)', (seed) => {
  const random = dice(seed);
  const texts = ['', 'a', 'b', 'c'];
  const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T;
  const changed = (from: EditValues): EditValues => {
    const next = { ...from };
    for (const field of ['address', 'description', 'caller_name'] as const) if (random() < 0.4) next[field] = one(texts);
    if (random() < 0.4) next.priority = one([1, 2, 3]);
    return next;
  };
  for (let i = 0; i < 300; i++) {
    const first = values();
    let form: Pick<ReturnType<typeof merge>, 'base' | 'mine'> = { base: first, mine: changed(first) };
    const touched = new Set<Field>(changedFields(first, form.mine));
    let theirs = first;
    for (let round = 0; round < 3; round++) {
      theirs = changed(theirs);
      const met = merge(form.base, form.mine, theirs, []);
      form = met;
      for (const { field } of met.conflicts) {
        if (random() < 0.5) continue;
        const keep = random() < 0.5 ? 'mine' : 'theirs';
        form = decide(form, field, theirs, keep);
        if (keep === 'theirs') touched.delete(field);
      }
    }
    const open = merge(form.base, form.mine, theirs, []).conflicts.map(({ field }) => field);
    const sent = changedFields(form.base, form.mine).filter((field) => !open.includes(field));
    for (const field of sent) {
      expect(touched.has(field)).toBe(true);
      expect(isSame(form.base[field], theirs[field])).toBe(true);
    }
    for (const field of FIELDS) {
      if (!sent.includes(field) && !open.includes(field)) expect(isSame(form.mine[field], theirs[field])).toBe(true);
    }
  }
});
