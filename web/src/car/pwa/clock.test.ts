// A wrong clock is put right, a right one is left alone, however bad the network, and whatever is set in between.
import { expect, test } from 'vitest';
import { PhoneClock } from './clock';

/** A clock of a phone, `ahead_ms` of the true time, on a network with this way; `fast_share` of it is the way there. */
class World {
  true_ms = 1_800_000_000_000;
  ahead_ms = 0;
  steady_ms = 0;
  clock: PhoneClock = this.page();

  page(): PhoneClock {
    return (this.clock = new PhoneClock(() => this.true_ms + this.ahead_ms, () => this.steady_ms));
  }
  pass(ms: number, asleep = false): void {
    this.true_ms += ms;
    if (!asleep) this.steady_ms += ms;
  }
  ask(rtt_ms: number, there_share = 0.5) {
    const asked_ms = this.true_ms + this.ahead_ms;
    this.pass(rtt_ms * there_share);
    const server_ms = this.true_ms;
    this.pass(rtt_ms * (1 - there_share));
    return this.clock.heard(asked_ms, rtt_ms, server_ms);
  }
  error_ms = () => this.clock.correction_ms + this.ahead_ms;
}

const THREE_HOURS = 3 * 3_600_000;

test('a right clock is not corrected on a network that takes seven seconds one way', () => {
  for (const share of [0, 1]) {
    const world = new World();
    world.ask(7_000, share);
    expect(world.clock.offset_ms).not.toBe(0);
    expect(world.clock.correction_ms).toBe(0);
  }
});

test('the sample with the shortest way counts, and a bad one after it changes nothing', () => {
  const world = new World();
  world.ahead_ms = THREE_HOURS;
  world.ask(6_000, 0);
  world.ask(100, 0);
  for (const share of [0, 1, 0.3]) world.ask(6_000, share);
  expect(Math.abs(world.error_ms())).toBeLessThanOrEqual(50);
});

test('a clock that is set right, by hand or by the network, is believed with the next answer, and while there is none', () => {
  const world = new World();
  world.ahead_ms = THREE_HOURS;
  world.ask(50);
  world.ahead_ms = 0;
  world.pass(1_000);
  expect(Math.abs(world.error_ms())).toBeLessThanOrEqual(2_025);
  world.ask(5_000, 0);
  expect(world.error_ms()).toBe(0);
  world.ahead_ms = -THREE_HOURS;
  world.ask(50);
  expect(Math.abs(world.error_ms())).toBeLessThanOrEqual(25);
  world.ahead_ms = 0;
  expect(Math.abs(world.error_ms())).toBeLessThanOrEqual(2_025);
});

test('a phone that slept for hours is no clock that was set', () => {
  const world = new World();
  world.ahead_ms = THREE_HOURS;
  world.ask(50);
  world.pass(5 * 3_600_000, true);
  expect(Math.abs(world.error_ms())).toBeLessThanOrEqual(25);
});

test('over a reload the offset is known as long as the clock has not been set back, and not for ever', () => {
  const world = new World();
  world.ahead_ms = THREE_HOURS;
  const kept = world.ask(50);
  world.pass(60_000);
  world.page().recall(kept ?? undefined);
  expect(Math.abs(world.error_ms())).toBeLessThanOrEqual(25);
  world.ahead_ms = 0;
  world.page().recall(kept ?? undefined);
  expect(world.clock.offset_ms).toBe(null);
  world.ahead_ms = THREE_HOURS;
  world.pass(30 * 3_600_000);
  world.page().recall(kept ?? undefined);
  expect(world.clock.offset_ms).toBe(null);
});

test('a better sample is confirmed now and then, so that it is still believed after a day', () => {
  const world = new World();
  const first = world.ask(50);
  world.pass(10_000);
  expect(world.ask(400)).toBe(null);
  world.pass(2 * 3_600_000);
  const again = world.ask(400);
  expect(again?.rtt_ms).toBe(50);
  expect(again?.learned_ms).toBeGreaterThan(first?.learned_ms ?? 0);
});
