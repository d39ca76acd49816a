// A figure of one question never stands under another one: when no answer comes, the old one goes. The ledger likewise.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askedOf } from './asked';
import type { LedgerPage } from './requests';
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
const { Reading, pending } = await import('./reading.svelte');
const { Paged } = await import('./paged.svelte');

let answers: (() => Promise<Response>)[] = [];
const asked: string[] = [];
const says = (value: unknown) => () => Promise.resolve(Response.json(value));
const refuses = (status: number) => () => Promise.resolve(Response.json({ code: 'x' }, { status }));
const silence = () => Promise.reject(new TypeError('network'));
const settled = () => vi.advanceTimersByTimeAsync(0);
const AGAIN_MS = 3_000;

beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  asked.length = 0;
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    return answers.shift()?.();
  });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ['no answer', silence],
  ['in preparation', refuses(503)],
  ['refused', refuses(422)],
])('%s to another question: the figure of the question before goes', async (_, fails) => {
  const reading = new Reading<number>();
  answers = [says(1), fails];
  const stop = reading.follow('/kpi?a');
  await settled();
  expect([reading.value, reading.fits]).toEqual([1, true]);
  stop();
  const end = reading.follow('/kpi?b');
  expect([reading.fits, reading.busy]).toEqual([false, true]);
  await settled();
  expect([reading.value, reading.fits, reading.failure !== '']).toEqual([null, false, true]);
  end();
});

test('no answer to the same question, asked again: its figure stays, with what went wrong', async () => {
  const reading = new Reading<number>();
  answers = [says(1), silence, says(2)];
  const stop = reading.follow('/kpi?a');
  await settled();
  stop();
  const end = reading.follow('/kpi?a');
  await settled();
  expect([reading.value, reading.fits, reading.failure !== '']).toEqual([1, true, true]);
  await vi.advanceTimersByTimeAsync(AGAIN_MS);
  expect([reading.value, reading.failure]).toEqual([2, '']);
  end();
});

test('while figures are asked for again the page is not ready; nor is it where some were refused', async () => {
  const reading = new Reading<number>();
  answers = [refuses(503), says(2), refuses(422)];
  const stop = reading.follow('/kpi?a');
  await settled();
  expect([pending.count, pending.failed, reading.busy]).toEqual([1, 0, false]);
  await vi.advanceTimersByTimeAsync(AGAIN_MS);
  expect([pending.count, pending.failed, reading.value]).toEqual([0, 0, 2]);
  stop();
  const end = reading.follow('/kpi?b');
  await settled();
  expect([pending.count, pending.failed]).toEqual([0, 1]);
  end();
  expect([pending.count, pending.failed]).toEqual([0, 0]);
});

test('a filter that the server does not know is named', async () => {
  const reading = new Reading<number>();
  answers = [() => Promise.resolve(Response.json({ code: 'validation', errors: [{ member: 'station', reason: 'x' }] }, { status: 422 }))];
  const end = reading.follow('/kpi?a');
  await settled();
  expect(reading.failure).toContain('「派出所」');
  end();
});

const page = (id: string, next_cursor: string | null = null) =>
  says({ totals: { incidents: 1, within: 1, late: 0, excluded: {} }, items: [{ incident_id: id }], next_cursor });
const idsOf = ({ rows }: InstanceType<typeof Paged<LedgerPage>>) => rows?.map(({ incident_id }) => incident_id);

test.each([
  ['no answer', silence],
  ['refused', refuses(422)],
])('%s to another question: rows and sums of the ledger go', async (_, fails) => {
  const list = new Paged<LedgerPage>();
  answers = [page('a'), fails];
  const stop = list.follow('/kpi/ledger?a');
  await settled();
  stop();
  const end = list.follow('/kpi/ledger?b');
  await settled();
  expect([list.rows, list.page, list.more]).toEqual([null, null, false]);
  end();
});

test('a further page that failed and was asked for by hand is not asked for once more, and the list is at rest', async () => {
  const list = new Paged<LedgerPage>();
  answers = [page('a', 'c1'), silence, page('b')];
  const end = list.follow('/kpi/ledger?a');
  await settled();
  list.next();
  await settled();
  expect([idsOf(list), list.failure !== '']).toEqual([['a'], true]);
  list.next();
  await settled();
  expect(idsOf(list)).toEqual(['a', 'b']);
  await vi.advanceTimersByTimeAsync(2 * AGAIN_MS);
  expect([list.busy, pending.count, asked.length, idsOf(list)]).toEqual([false, 0, 3, ['a', 'b']]);
  end();
});

test('the rows could not be read anew: what is read on by hand doubles none of them, and brings them up to date', async () => {
  const list = new Paged<LedgerPage>();
  answers = [page('a', 'c1'), page('b', 'c2'), silence, page('a', 'c1'), page('b', 'c3'), page('c')];
  const stop = list.follow('/kpi/ledger?a');
  await settled();
  list.next();
  await settled();
  expect(idsOf(list)).toEqual(['a', 'b']);
  stop();
  const end = list.follow('/kpi/ledger?a');
  await settled();
  expect([idsOf(list), list.more, list.failure !== '']).toEqual([['a', 'b'], true, true]);
  list.next();
  await settled();
  expect([idsOf(list), list.more, list.failure]).toEqual([['a', 'b', 'c'], false, '']);
  expect(asked.map((path) => /cursor=(\w+)/.exec(path)?.[1])).toEqual([undefined, 'c1', undefined, undefined, 'c1', 'c3']);
  await vi.advanceTimersByTimeAsync(2 * AGAIN_MS);
  expect(asked.length).toBe(6);
  end();
});

test('the same question again, and whoever comes back: as many rows as there were; another question: its first page', async () => {
  const list = new Paged<LedgerPage>(2);
  answers = [page('a', 'c1'), page('b', 'c2'), page('b', 'c2'), page('c', 'c3'), page('x', 'c1')];
  const stop = list.follow('/kpi/ledger?a');
  await settled();
  expect(idsOf(list)).toEqual(['a', 'b']);
  stop();
  const stop_again = list.follow('/kpi/ledger?a');
  expect(idsOf(list)).toEqual(['a', 'b']);
  await settled();
  expect(idsOf(list)).toEqual(['b', 'c']);
  stop_again();
  const end = list.follow('/kpi/ledger?x');
  await settled();
  expect([idsOf(list), list.more]).toEqual([['x'], true]);
  end();
});

test('while another question is on its way, rows and sums are of the one before', async () => {
  const before = askedOf('tab=ledger', 0);
  const now = { ...before, filters: { station: ['南門'] } };
  const list = new Paged<LedgerPage>();
  answers = [page('a'), page('b')];
  const stop = list.follow('/kpi/ledger?a', before);
  await settled();
  expect(list.about(before)).toBe(before);
  stop();
  const end = list.follow('/kpi/ledger?b', now);
  expect([idsOf(list), list.about(now)]).toEqual([['a'], before]);
  await settled();
  expect([idsOf(list), list.about(now)]).toEqual([['b'], now]);
  end();
});

test('a period that is none: nothing is asked, nothing waits', async () => {
  const list = new Paged<LedgerPage>();
  answers = [page('a', 'c1')];
  const stop = list.follow('/kpi/ledger?a');
  await settled();
  stop();
  const end = list.follow(null);
  list.next();
  await settled();
  expect([list.rows, list.more, list.busy, pending.count, asked.length]).toEqual([null, false, false, 0, 1]);
  end();
});
