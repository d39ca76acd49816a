// How old the picture is called: never younger than it is.
import { expect, test } from 'vitest';
import { ageOf } from './freshness';
import { readFrame } from './messages';

const HOUR_MS = 3_600_000;
const at = (mono_ms: number, wall_ms: number) => ({ mono_ms, wall_ms });
const confirmed = { at: at(1_000, 50_000), behind_ms: 0 };

test('nothing is known before the first snapshot', () => expect(ageOf(null, at(1, 1))).toBeNull());

test('time passes on both clocks', () => expect(ageOf(confirmed, at(3_600, 52_600))).toBe(2_600));

test('a machine that slept comes back with an old picture, though its rising clock stood still', () =>
  expect(ageOf(confirmed, at(1_200, 50_000 + HOUR_MS))).toBe(HOUR_MS));

test('a clock that is set back makes no picture younger', () =>
  expect(ageOf(confirmed, at(4_000, 50_000 - HOUR_MS))).toBe(3_000));

test('what the server itself could not read in time counts', () =>
  expect(ageOf({ ...confirmed, behind_ms: 8_000 }, at(1_500, 50_500))).toBe(8_500));

test('half a frame is no frame', () => {
  for (const frame of ['{"type":"event","seq":', '', 'null', '[]', '{"seq":1}']) expect(readFrame(frame)).toBe('broken');
});
