// What was pressed goes its way whoever is on the phone by then: held, after the duty, after another officer came, put away
// into a pocket; with its own time, and nothing of it stays on the phone after a sign-out.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Phone } from '../../test/phone';

let phone: Phone;
const ORDER = { assignment_id: 'a', step: null, incident: {} };

beforeEach(() => void (phone = new Phone()));
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function onDuty(orders: unknown[] = []) {
  phone.signed_in = 'oscar';
  phone.orders = orders;
  const page = await phone.start();
  await page.officer.choose('unit', false);
  await phone.until(() => page.state().connected && page.state().orders.length === orders.length);
  return page;
}
const types = () => phone.messages.map(({ type }) => type);

test('a press that was held when the unit was taken over goes out from the page that is on no unit', async () => {
  const page = await onDuty([ORDER]);
  await page.backend().step({ assignment_id: 'a', status: 'acknowledged' });
  const pressed_ms = phone.true_ms();
  phone.endDuty();
  phone.instead = ({ path }) => (path === '/officer/messages' ? new Response('', { status: 502 }) : null);
  await phone.until(() => page.officer.phase === 'no_unit');
  await phone.pass(4_000);
  expect(page.officer.waiting).toMatchObject([{ username: 'oscar', count: 1 }]);
  await expect(page.officer.signOut()).rejects.toMatchObject({ code: 'still_waiting' });
  phone.instead = () => null;
  await phone.until(() => page.officer.waiting.length === 0);
  expect(phone.messages).toMatchObject([{ type: 'status', status: 'acknowledged' }]);
  expect(Math.abs((phone.messages[0]?.time_ms ?? 0) - pressed_ms)).toBeLessThan(500);
  await page.officer.signOut();
});

test('a press that was held goes out at once when the duty is over', async () => {
  const page = await onDuty([ORDER]);
  await page.backend().step({ assignment_id: 'a', status: 'acknowledged' });
  phone.endDuty();
  await phone.until(() => phone.messages.length === 1, 4_000);
  expect(page.officer.phase).toBe('no_unit');
});

test('what waited goes on after a reload on no unit as well', async () => {
  const page = await onDuty();
  phone.network = false;
  await page.backend().sos(true);
  phone.endDuty();
  phone.network = true;
  await phone.until(() => phone.messages.length === 1);
  phone.network = false;
  await phone.start();
  await phone.pass(1_000);
  phone.network = true;
  const again = await phone.start();
  await phone.until(() => again.officer.phase === 'no_unit' && again.officer.waiting.length === 0);
  expect(types()).toEqual(['sos']);
});

test('presses of one officer are never sent as another\'s, are told of, and go when the first signs in again', async () => {
  const page = await onDuty([ORDER]);
  phone.network = false;
  await page.backend().setAvailable(false, 'meal');
  await page.backend().step({ assignment_id: 'a', status: 'acknowledged' });
  const journals = (await phone.stores())['journals'] as { duty_id: string }[];
  // Only the messages find no way, so that the session can end and another officer sign in.
  phone.network = true;
  phone.instead = ({ path }) => (path === '/officer/messages' ? new Response('', { status: 503 }) : null);
  await page.officer.signIn('olga', 'secret');
  await phone.pass(1_000);
  expect(page.officer.phase).toBe('no_unit');
  expect(page.officer.waiting).toMatchObject([{ username: 'oscar', count: 2 }]);
  phone.instead = () => null;
  phone.asked = [];
  await page.officer.choose('unit', false);
  await page.backend().sos(true);
  await phone.until(() => phone.messages.length === 1);
  await phone.pass(5_000);
  expect(types()).toEqual(['sos']);
  expect(phone.asked.filter(({ body }) => body['duty_id'] === journals[0]?.duty_id)).toEqual([]);
  await page.officer.signOut();
  expect(page.officer.waiting).toMatchObject([{ username: 'oscar', count: 2 }]);
  await page.officer.signIn('oscar', 'secret');
  await phone.until(() => page.officer.waiting.length === 0);
  expect(types()).toEqual(['sos', 'availability', 'status']);
  expect(new Set(phone.messages.slice(1).map(({ duty_id }) => duty_id))).toEqual(new Set([journals[0]?.duty_id]));
});

test('after a sign-out no press, no word and no journal is left in any store', async () => {
  const page = await onDuty([ORDER]);
  await page.backend().step({ assignment_id: 'a', status: 'acknowledged', note: 'own words' });
  await page.backend().setAvailable(false, 'own reason');
  await page.backend().markRead('7');
  await phone.until(() => phone.messages.length === 2 && page.state().waiting === 0);
  await page.officer.signOut();
  const { kept, ...others } = await phone.stores();
  expect(others).toEqual({ journals: [], outbox: [], presses: [] });
  expect(kept?.filter((name) => !['clock', 'streets'].includes(String(name)))).toEqual([]);
});

test('a step that is held goes out when the phone is put away, by a request that outlives the page', async () => {
  const page = await onDuty([ORDER]);
  await page.backend().step({ assignment_id: 'a', status: 'acknowledged' });
  expect(page.state().presses[0]?.phase).toBe('held');
  const before = phone.asked.length;
  await phone.pocket(true);
  expect(phone.messages).toMatchObject([{ type: 'status' }]);
  const carried = phone.asked.slice(before).find(({ path }) => path === '/officer/messages');
  expect(carried?.init.keepalive).toBe(true);
  await expect(page.backend().undo(page.state().presses[0]?.press_id ?? '')).rejects.toMatchObject({ code: 'too_late' });
});

test('a held press is taken back, and nothing of it goes', async () => {
  const page = await onDuty([ORDER]);
  await page.backend().step({ assignment_id: 'a', status: 'acknowledged' });
  await page.backend().undo(page.state().presses[0]?.press_id ?? '');
  await phone.pass(8_000);
  expect([phone.messages, page.state().orders[0]?.step]).toEqual([[], null]);
});

test('a press on a phone whose clock is three hours off has its true time, over a reload without a network', async () => {
  phone.setClock(3 * 3_600_000);
  const page = await onDuty();
  expect(page.state().troubles.map(({ code }) => code)).toContain('clock_off');
  phone.network = false;
  await phone.pass(60_000);
  const again = await phone.start();
  const pressed_ms = phone.true_ms();
  await again.backend().sos(true);
  const said_ms = Date.now();
  phone.network = true;
  await phone.until(() => phone.messages.length === 1);
  expect(Math.abs((phone.messages[0]?.time_ms ?? 0) - pressed_ms)).toBeLessThan(500);
  expect(Math.abs((phone.messages[0]?.clock_ms ?? 0) - said_ms)).toBeLessThan(500);
});

test('a clock that is right is left alone on a network whose answers take seconds', async () => {
  phone.rtt_ms = 6_000;
  phone.signed_in = 'oscar';
  const page = await phone.start();
  void page.officer.choose('unit', false);
  await phone.until(() => page.officer.phase === 'on_duty');
  await phone.until(() => page.state().connected, 60_000);
  await page.backend().sos(true);
  await phone.until(() => phone.messages.length === 1, 60_000);
  expect(phone.messages[0]?.clock_ms).toBe(undefined);
});
