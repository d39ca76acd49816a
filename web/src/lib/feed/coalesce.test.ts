// Between two frames of the screen only the newest position of a unit counts.
import { expect, test } from 'vitest';
import { position } from '../../test/samples';
import { PositionBuffer } from './coalesce';
import { backoff_ms } from './backoff';
import { readFrame } from './messages';

const at = (unit_id: string, second: number) => ({ unit_id, ...position(`2026-11-24T03:00:${second}Z`, second) });

test('many positions of one unit become its newest, whatever order they came in', () => {
  const buffer = new PositionBuffer();
  buffer.add([at('a', 11), at('b', 12)]);
  buffer.add([at('a', 14)]);
  buffer.add([at('a', 13)]);
  expect(buffer.take().map(({ unit_id, lat }) => [unit_id, lat])).toEqual([
    ['a', 14],
    ['b', 12],
  ]);
  expect(buffer.take()).toEqual([]);
});

test('a frame is asked for by the first message only, not by each', () => {
  const buffer = new PositionBuffer();
  expect([buffer.add([]), buffer.add([at('a', 11)]), buffer.add([at('b', 12)])]).toEqual([false, true, false]);
  buffer.take();
  expect(buffer.add([at('a', 13)])).toBe(true);
});

test('waits before a reconnect double up to eight seconds, and no two screens wait alike', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 20].map((attempt) => backoff_ms(attempt, () => 0.9999999));
  expect(longest).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
  expect(backoff_ms(3, () => 0)).toBe(1000);
});

test('a kind of message that a newer server may send is passed over', () => {
  expect(readFrame('{"type":"weather","seq":1}')).toBeNull();
  expect(readFrame('{"type":"heartbeat","seq":1,"server_time":"x"}')).toMatchObject({ type: 'heartbeat' });
});
