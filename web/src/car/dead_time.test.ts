// After the picture changed under a finger no click is taken for a moment; then again.
import { expect, test, vi } from 'vitest';
import type { CarBackend } from './backend';
import { Car, DEAD_MS } from './car.svelte';

test('a glove that bounces presses once', () => {
  vi.useFakeTimers();
  const car = new Car({} as CarBackend);
  const taken = () => {
    const click = new Event('click', { cancelable: true });
    car.guard(click);
    return !click.defaultPrevented;
  };
  expect(taken()).toBe(true);
  car.changed();
  vi.advanceTimersByTime(DEAD_MS - 50);
  expect(taken()).toBe(false);
  car.changed();
  vi.advanceTimersByTime(DEAD_MS - 50);
  expect(taken()).toBe(false);
  vi.advanceTimersByTime(100);
  expect(taken()).toBe(true);
});
