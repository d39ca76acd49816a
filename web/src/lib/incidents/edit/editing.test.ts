// One edit from the first key to the answer: what is sent, with which version, and what outlives a failure.
import { beforeEach, expect, test, vi } from 'vitest';
import { event, incident } from '../../../test/samples';
import type { IncidentDetail } from '../../api/types';

// The words of a refusal want to know the desk's language at once.
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
const { Editing } = await import('./editing.svelte');

const kept = new Map<string, string>();
const sent: { version: number }[] = [];
let answer: () => Response;

const detail = (change: Partial<IncidentDetail> = {}): IncidentDetail =>
  ({ ...incident('i1'), caller_name: null, caller_phone: null, timeline: [], decisions: [], ...change }) as IncidentDetail;
const problem = (status: number, code: string) =>
  new Response(JSON.stringify({ code, detail: code, errors: [] }), { status });
const again = vi.fn(() => Promise.resolve());

beforeEach(() => {
  kept.clear();
  sent.length = 0;
  again.mockClear();
  answer = () => new Response(JSON.stringify(detail({ version: 2 })));
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => kept.set(key, text),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    sent.push(JSON.parse(init.body as string) as { version: number });
    return Promise.resolve(answer());
  });
});

test('only what was touched is sent, and nothing is kept once it was taken', async () => {
  const editing = new Editing('i1', detail(), 1);
  editing.change({ address: '民族路' });
  expect(kept.size).toBe(1);
  expect((await editing.send(false, again))?.version).toBe(2);
  expect([sent, kept.size]).toEqual([[{ version: 1, address: '民族路', confirm_outside: false }], 0]);
});

test('the feed tells of a change before the caller is read again: the version that is sent stays the one seen whole', async () => {
  const editing = new Editing('i1', detail(), 1);
  editing.change({ caller_name: '李' });
  const told = [event(5, { actor: 'ben', data: { members: ['caller_name', 'priority'] } })];
  editing.meet(detail({ version: 2, priority: 1, timeline: told }), 1);
  expect(editing.taken).toMatchObject([{ field: 'priority', after: 1, author: { name: 'ben' } }]);
  answer = () => problem(409, 'changed_meanwhile');
  expect(await editing.send(false, again)).toBeNull();
  expect([sent[0]?.version, again.mock.calls.length]).toEqual([1, 1]);
  editing.meet(detail({ version: 2, priority: 1, caller_name: '王', timeline: told }), 2);
  expect(editing.conflicts).toMatchObject([{ field: 'caller_name', after: '王' }]);
  expect(await editing.send(false, again)).toBeNull();
  expect(sent.length).toBe(1);
  editing.decide('caller_name', 'mine');
  answer = () => new Response(JSON.stringify(detail({ version: 3 })));
  expect((await editing.send(false, again))?.version).toBe(3);
  expect(sent[1]).toEqual({ version: 2, caller_name: '李', confirm_outside: false });
});

test('what was typed outlives a server that does not answer, and the page', async () => {
  const editing = new Editing('i1', detail(), 1);
  editing.change({ description: '說到一半' });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')));
  expect(await editing.send(false, again)).toBeNull();
  expect([editing.failure === '', editing.mine.description]).toEqual([false, '說到一半']);
  const later = new Editing('i1', detail({ version: 4, priority: 1 }), 4);
  expect([later.mine.description, later.mine.priority, later.changed]).toEqual(['說到一半', 1, ['description']]);
});

test('an answer that got lost is no second change', () => {
  const editing = new Editing('i1', detail(), 1);
  editing.change({ address: '民族路' });
  editing.meet(detail({ version: 2, address: '民族路' }), 2);
  expect([editing.changed, editing.conflicts, kept.size]).toEqual([[], [], 0]);
});
