// Files and slow requests go the same way out as all others: a lost session is told, a report takes as long as it takes.
import { beforeEach, expect, test, vi } from 'vitest';
import { request, requestFile, whenSignedOut } from './request';

const sent: RequestInit[] = [];
let answer: () => Promise<Response>;
beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    sent.push(init);
    return answer();
  });
});

test('a file comes with its name and what its head says, by GET without a body and by POST with one', async () => {
  const headers = { 'Content-Disposition': 'attachment; filename="ledger-20261001-20261031.csv"', 'X-Ledger-SHA256': 'ab' };
  answer = () => Promise.resolve(new Response('x', { headers }));
  const file = await requestFile('/kpi/ledger.csv');
  expect([file.name, await file.content.text(), file.headers.get('X-Ledger-SHA256')]).toEqual(['ledger-20261001-20261031.csv', 'x', 'ab']);
  await requestFile('/recordings/exports', { reason: 'x' });
  expect(sent.map(({ method }) => method ?? 'GET')).toEqual(['GET', 'POST']);
});

test('whoever is signed out hears of it from a file as well', async () => {
  const told = vi.fn();
  whenSignedOut(told);
  answer = () => Promise.resolve(Response.json({ code: 'signed_out' }, { status: 401 }));
  await expect(requestFile('/kpi/ledger.csv')).rejects.toMatchObject({ status: 401 });
  expect(told).toHaveBeenCalledOnce();
});

test('what is unhurried has no time limit, everything else has one', async () => {
  answer = () => Promise.resolve(Response.json({}));
  await request('POST', '/reports', { body: {}, unhurried: true });
  await request('GET', '/kpi');
  expect(sent.map(({ signal }) => signal != null)).toEqual([false, true]);
});
