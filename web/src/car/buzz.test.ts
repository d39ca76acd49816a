import { afterEach, expect, test, vi } from 'vitest';
import { buzz } from './buzz';

afterEach(() => vi.unstubAllGlobals());

test('a device is shaken only where the page was touched before: elsewhere the browser refuses', () => {
  const vibrate = vi.fn();
  const userActivation = { hasBeenActive: false };
  vi.stubGlobal('navigator', { vibrate, userActivation });
  buzz(40);
  expect(vibrate).not.toHaveBeenCalled();
  userActivation.hasBeenActive = true;
  buzz(40);
  expect(vibrate).toHaveBeenCalledExactlyOnceWith(40);
});

test('a device that cannot shake is left alone', () => {
  vi.stubGlobal('navigator', { userActivation: { hasBeenActive: true } });
  expect(() => buzz(40)).not.toThrow();
});
