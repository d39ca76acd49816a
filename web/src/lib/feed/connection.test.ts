// The socket that only looks open: swallowed packets, a server that sleeps, a net that comes back.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Connection, PATIENCE } from './connection';

class Socket {
  static readonly OPEN = 1;
  static made: Socket[] = [];
  readyState = 0;
  closed = false;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  constructor() {
    Socket.made.push(this);
  }
  close() {
    this.closed = true;
  }
  send() {
    /* nobody listens */
  }
}

const heard: string[] = [];
const connection = () =>
  new Connection('ws://test', {
    onOpen: () => heard.push('open'),
    onFrame: (frame) => heard.push(frame),
    onRefused: () => heard.push('refused'),
  });
const newest = () => Socket.made.at(-1) as Socket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', Socket);
  Socket.made = [];
  heard.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a handshake whose packets are swallowed is given up, and tried again', () => {
  connection().open();
  vi.advanceTimersByTime(PATIENCE.opening_ms + 300);
  expect([Socket.made.length, Socket.made[0]?.closed]).toEqual([2, true]);
});

test('an open socket that falls silent is left; what it says later is not heard', () => {
  connection().open();
  const first = newest();
  first.onopen?.();
  first.onmessage?.({ data: 'snapshot' });
  vi.advanceTimersByTime(PATIENCE.silence_ms - 100);
  first.onmessage?.({ data: 'beat' });
  vi.advanceTimersByTime(PATIENCE.silence_ms + 300);
  first.onmessage?.({ data: 'late' });
  first.onclose?.();
  expect([heard, first.closed, Socket.made.length]).toEqual([['open', 'snapshot', 'beat'], true, 2]);
});

test('a snapshot may take longer than a heartbeat', () => {
  connection().open();
  newest().onopen?.();
  vi.advanceTimersByTime(PATIENCE.silence_ms * 2);
  expect([Socket.made.length, newest().closed]).toEqual([1, false]);
});

test('a net that is back is used at once, not after the longest wait', () => {
  const held = connection();
  held.open();
  for (let i = 0; i < 8; i++) vi.advanceTimersByTime(PATIENCE.opening_ms + 8_000);
  const before = Socket.made.length;
  held.again();
  expect(Socket.made.length).toBe(before + 1);
  held.close();
  held.again();
  vi.advanceTimersByTime(60_000);
  expect(Socket.made.length).toBe(before + 1);
});
