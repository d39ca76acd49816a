// The ten-minute clock: turns at 8 and 10 minutes, stops on scene, tells late from in time.
import { describe, expect, test } from 'vitest';
import { callClock } from './call_clock';
import { ServerOffset } from './offset';

const RECEIVED = Date.parse('2026-11-24T03:00:00Z');
const after = (seconds: number) => new Date(RECEIVED + seconds * 1000).toISOString();
const call = (on_scene_at: string | null = null, ended_at: string | null = null) => ({
  received_at: after(0),
  on_scene_at,
  ended_at,
});
const at = (seconds: number) => callClock(call(), RECEIVED + seconds * 1000, 600);

describe('a call nobody has reached', () => {
  test.each([
    [0, 'running'],
    [479, 'running'],
    [480, 'amber'],
    [599, 'amber'],
    [600, 'red'],
    [5000, 'red'],
  ])('reads %i s as %s', (seconds, stage) => {
    expect(at(seconds)).toEqual({ elapsed_s: seconds, stage });
  });
  test('shows zero and not less where this clock is behind the server', () => {
    expect(at(-3).elapsed_s).toBe(0);
  });
});

test('the clock stands still at the arrival, and an arrival after the target stays late', () => {
  const now = RECEIVED + 9_000_000;
  expect(callClock(call(after(432)), now, 600)).toEqual({ elapsed_s: 432, stage: 'arrived' });
  expect(callClock(call(after(600)), now, 600).stage).toBe('arrived');
  expect(callClock(call(after(601)), now, 600).stage).toBe('arrived_late');
});

test('an incident that ended with nobody there stops at its end', () => {
  expect(callClock(call(null, after(100)), RECEIVED + 900_000, 600)).toEqual({ elapsed_s: 100, stage: 'ended' });
});

test("the server's clock is taken from the message that travelled fastest", () => {
  const offset = new ServerOffset();
  expect(offset.offset_ms).toBe(null);
  for (const [server, local] of [[10_000, 5_300], [11_000, 6_020], [12_000, 7_900], [Number.NaN, 1]]) {
    offset.hear(server as number, local as number);
  }
  expect(offset.offset_ms).toBe(4_980);
});
