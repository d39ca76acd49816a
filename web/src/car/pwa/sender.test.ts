// Nothing that was pressed is let go of on the word of a proxy, of a server that was rolled back, or of anybody else's
// session; what our own server can't read is out of the way, and seen.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { html, Phone, problem } from '../../test/phone';

let phone: Phone;

beforeEach(() => void (phone = new Phone()));
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function onDuty() {
  phone.signed_in = 'oscar';
  const page = await phone.start();
  await page.officer.choose('unit', false);
  return page;
}
const toMessages = (answer: () => Response) => {
  phone.instead = ({ path }) => (path === '/officer/messages' ? answer() : null);
};
const codes = (page: Awaited<ReturnType<typeof onDuty>>) => page.state().troubles.map(({ code }) => code);

test.each([
  ['a proxy that forbids', () => html(403)],
  ['a proxy that knows no such address', () => html(404)],
  ['a proxy that takes no body', () => html(413)],
  ['a proxy that can\'t read it', () => html(400)],
  ['a server of an older version', () => problem(404, 'not_found')],
  ['an account that was changed', () => problem(403, 'forbidden')],
  ['another method', () => problem(405, 'method_not_allowed')],
  ['a conflict', () => problem(409, 'changed_meanwhile')],
  ['a clock that the server does not take', () => problem(422, 'validation', 'clock_ms')],
  ['a server that fails', () => problem(500, 'internal')],
])('presses and SOS outlive %s', async (_who, answer) => {
  const page = await onDuty();
  toMessages(answer);
  await page.backend().sos(true);
  await page.backend().setAvailable(false, 'meal');
  await phone.pass(7_000);
  expect(page.state().waiting).toBe(2);
  expect(page.state().presses.map(({ phase }) => phase)).toEqual(['queued', 'queued']);
  phone.instead = () => null;
  await phone.until(() => page.state().waiting === 0);
  expect(phone.messages.map(({ type }) => type)).toEqual(['sos', 'availability']);
});

test('a batch that is too large goes in smaller ones', async () => {
  const page = await onDuty();
  phone.network = false;
  for (let press = 0; press < 9; press += 1) await page.backend().setAvailable(press % 2 > 0);
  phone.network = true;
  phone.instead = ({ body }) => ((body['messages'] as unknown[] | undefined)?.length ?? 0) > 2 ? html(413) : null;
  await phone.until(() => page.state().waiting === 0);
  expect(phone.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('what the server can\'t read is set aside, seen, and holds back nothing', async () => {
  const page = await onDuty();
  phone.network = false;
  await page.backend().setAvailable(false, 'meal');
  await page.backend().checkIn?.('a');
  await page.backend().setAvailable(true);
  phone.network = true;
  phone.instead = ({ body }) => {
    const messages = (body['messages'] ?? []) as { type: string }[];
    return messages.some(({ type }) => type === 'check_in') ? problem(422, 'validation', 'messages') : null;
  };
  await phone.until(() => page.state().waiting === 0);
  expect(phone.messages.map(({ seq }) => seq)).toEqual([1, 3]);
  expect(page.state().presses.map(({ phase }) => phase)).toEqual(['acknowledged', 'rejected', 'acknowledged']);
  expect(codes(page)).toContain('not_taken');
  expect((await phone.stores())['kept']).toContain('aside');
  await page.officer.signOut();
  expect((await phone.stores())['kept']).not.toContain('aside');
});

test('a server that knows nothing of the duty loses nothing, and it is said; what is pressed in the next one goes', async () => {
  const page = await onDuty();
  phone.network = false;
  await page.backend().sos(true);
  phone.forgetDuties();
  phone.network = true;
  await phone.until(() => page.officer.phase === 'no_unit');
  await phone.until(() => page.officer.unknown.size === 1);
  expect(page.officer.waiting).toMatchObject([{ username: 'oscar', count: 1 }]);
  await page.officer.choose('unit', false);
  await page.backend().setAvailable(false);
  await phone.until(() => phone.messages.length === 1);
  expect(codes(page)).toContain('unknown_duty');
  // It must not hold the officer for ever, and stays on the phone.
  await page.officer.signOut();
  expect((await phone.stores())['outbox']).toHaveLength(1);
});

test('a proof that can\'t be had in this moment is asked for again, and is no trouble with the storage', async () => {
  const page = await onDuty();
  phone.csrf = 'another';
  phone.instead = ({ path, method }) => (path === '/session' && method === 'GET' ? html(502) : null);
  await page.backend().sos(true);
  await phone.pass(4_000);
  expect(codes(page)).not.toContain('storage');
  phone.instead = () => null;
  await phone.until(() => phone.messages.length === 1);
});
