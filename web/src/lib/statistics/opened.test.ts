// Whoever comes back to a list goes on at the row that was opened, once; nobody else is sent there.
import { beforeEach, expect, test, vi } from 'vitest';
import { leave, returned } from './opened';

let steps: unknown[] = [];
beforeEach(() => {
  steps = [null];
  vi.stubGlobal('history', {
    get state() {
      return steps.at(-1) ?? null;
    },
    replaceState: (state: unknown) => (steps[steps.length - 1] = state),
  });
});
const visit = () => steps.push(null);
const back = () => steps.pop();
const list = 'tab=ledger&first=2026-11-01';
const link = () => ({ focus: vi.fn() }) as unknown as HTMLElement & { focus: ReturnType<typeof vi.fn> };

function focused(at: ReturnType<typeof returned>['at'], ...rows: string[]): string[] {
  return rows.filter((row) => {
    const one = link();
    at(row)(one);
    return one.focus.mock.calls.length > 0;
  });
}

test('back from an incident: at its row, with as many rows as there were, and once', () => {
  leave({ list, row: 'b', count: 300 });
  visit();
  back();
  const place = returned(list);
  expect([place.count, focused(place.at, 'a', 'b', 'c')]).toEqual([300, ['b']]);
  const later = returned(list);
  expect([later.count, focused(later.at, 'a', 'b', 'c')]).toEqual([0, []]);
});

test('the same list come to by another way, and another list: nobody is sent anywhere', () => {
  leave({ list, row: 'b', count: 300 });
  visit();
  expect(focused(returned(list).at, 'b')).toEqual([]);
  back();
  const other = returned('tab=reviews');
  expect([other.count, focused(other.at, 'b')]).toEqual([0, []]);
});

test('a row that is not among the first that come takes the keyboard from nobody later', async () => {
  leave({ list, row: 'b', count: 1 });
  const { at } = returned(list);
  expect(focused(at, 'a')).toEqual([]);
  await Promise.resolve();
  expect(focused(at, 'b')).toEqual([]);
});
