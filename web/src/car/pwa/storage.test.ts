// A browser that keeps nothing, stops keeping, or closes its database under the page: the page stands, says so, and sends.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IDBDatabase as FakeDatabase, IDBObjectStore as FakeStore } from 'fake-indexeddb';
import { Phone } from '../../test/phone';

let phone: Phone;

beforeEach(() => void (phone = new Phone()));
afterEach(() => {
  vi.restoreAllMocks();
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const full = () => {
  throw new DOMException('full', 'QuotaExceededError');
};
const fills = () => {
  vi.spyOn(FakeStore.prototype, 'put').mockImplementation(full);
  vi.spyOn(FakeStore.prototype, 'add').mockImplementation(full);
};
async function onDuty() {
  phone.signed_in = 'oscar';
  const page = await phone.start();
  await page.officer.choose('unit', false);
  await phone.until(() => page.state().connected);
  return page;
}
const codes = (page: Awaited<ReturnType<typeof onDuty>>) => page.state().troubles.map(({ code }) => code);

test('an SOS goes out of memory where the phone is full, under a journal of its own, and it is said', async () => {
  const page = await onDuty();
  await page.backend().setAvailable(false);
  await phone.until(() => phone.messages.length === 1);
  fills();
  phone.network = false;
  await page.backend().sos(true);
  expect(page.state()).toMatchObject({ sos_active: true, waiting: 1 });
  expect(codes(page)).toContain('storage');
  phone.network = true;
  await phone.until(() => phone.messages.length === 2);
  const [before, sos] = phone.messages;
  expect(sos).toMatchObject({ type: 'sos', active: true, seq: 1 });
  expect(sos?.boot).not.toBe(before?.boot);
  await phone.until(() => page.state().presses.at(-1)?.phase === 'acknowledged');
  expect(page.state().waiting).toBe(0);
  vi.restoreAllMocks();
  await page.backend().setAvailable(true);
  await phone.until(() => phone.messages.length === 3);
  expect(codes(page)).not.toContain('storage');
});

test('an acknowledgement that can\'t be written down is no reason to send for ever', async () => {
  const page = await onDuty();
  phone.network = false;
  await page.backend().setAvailable(false);
  fills();
  vi.spyOn(FakeStore.prototype, 'delete').mockImplementation(full);
  phone.network = true;
  await phone.until(() => page.state().waiting === 0);
  const trips = () => phone.asked.filter(({ path }) => path === '/officer/messages').length;
  const [before] = [trips()];
  await phone.pass(10_000);
  expect(trips()).toBe(before);
});

test.each([
  ['there is none', () => vi.stubGlobal('indexedDB', undefined)],
  ['it is forbidden', () => vi.stubGlobal('indexedDB', { open: () => { throw new DOMException('no', 'SecurityError'); } })],
])('the page works from memory where %s', async (_why, forbid) => {
  forbid();
  const page = await phone.start();
  expect(page.officer.phase).toBe('signed_out');
  expect(page.officer.storage?.code).toBe('storage');
  await page.officer.signIn('oscar', 'secret');
  phone.orders = [{ assignment_id: 'a', step: null, incident: {} }];
  await page.officer.choose('unit', false);
  await phone.until(() => page.state().orders.length === 1);
  expect(codes(page)).toContain('storage');
  await page.backend().step({ assignment_id: 'a', status: 'acknowledged' });
  const { press_id } = page.state().presses[0] ?? { press_id: '' };
  await page.backend().undo(press_id);
  expect(page.state().presses).toEqual([]);
  await page.backend().step({ assignment_id: 'a', status: 'acknowledged' });
  await page.backend().sos(true);
  await phone.until(() => phone.messages.length === 2);
  expect(phone.messages.map(({ type, seq }) => [type, seq])).toEqual([['status', 1], ['sos', 2]]);
  await phone.until(() => page.state().waiting === 0);
  await page.officer.signOut();
  expect(page.officer.phase).toBe('signed_out');
});

test('a database that was closed under the page is opened again, and nobody notices', async () => {
  const page = await onDuty();
  const original = FakeDatabase.prototype.transaction;
  vi.spyOn(FakeDatabase.prototype, 'transaction').mockImplementationOnce(function (this: IDBDatabase, ...about) {
    this.close();
    return original.apply(this, about);
  });
  await page.backend().setAvailable(false);
  await phone.until(() => phone.messages.length === 1);
  expect(codes(page)).not.toContain('storage');
  // What another page wants to change it does not wait for.
  const deleted = await new Promise((done) => {
    const request = indexedDB.deleteDatabase('patrol-car');
    request.onsuccess = () => done('deleted');
    request.onblocked = () => done('blocked');
  });
  expect(deleted).toBe('deleted');
  await page.backend().sos(true);
  await phone.until(() => phone.messages.length === 2);
});

test('without TLS there is no crypto.randomUUID, and the page stands all the same', async () => {
  vi.stubGlobal('crypto', { getRandomValues: <T extends ArrayBufferView>(into: T) => globalThis.structuredClone(into) && fill(into) });
  const page = await onDuty();
  await page.backend().sos(true);
  await phone.until(() => phone.messages.length === 1);
  expect(phone.messages[0]?.boot).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

function fill<T extends ArrayBufferView>(into: T): T {
  new Uint8Array(into.buffer).forEach((_, place, bytes) => (bytes[place] = Math.floor(Math.random() * 256)));
  return into;
}
