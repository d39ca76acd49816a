// A hold of two seconds: only letting go ends it.
import { beforeEach, expect, test, vi, type Mock } from 'vitest';
import { held, HOLD_MS } from './hold';

class Button extends EventTarget {
  setPointerCapture = () => undefined;
}

let button: Button;
let takeAway: () => void;
let done: Mock<() => void>;
let share: number;
const say = (target: EventTarget, type: string, more: object = {}) => target.dispatchEvent(Object.assign(new Event(type), more));
const press = (pointerId = 1) => say(button, 'pointerdown', { button: 0, pointerId });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('navigator', {});
  button = new Button();
  done = vi.fn<() => void>();
  share = 0;
  const attach = held({ progress: (now) => (share = now), done });
  takeAway = attach(button as unknown as HTMLElement) as () => void;
});

test('two seconds down, and it goes, once; a shorter touch does not', () => {
  press();
  vi.advanceTimersByTime(HOLD_MS - 100);
  expect(share).toBeGreaterThan(0.9);
  say(window, 'pointerup', { pointerId: 1 });
  vi.advanceTimersByTime(HOLD_MS);
  expect([share, done.mock.calls.length]).toEqual([0, 0]);
  press();
  vi.advanceTimersByTime(HOLD_MS * 3);
  expect(done).toHaveBeenCalledTimes(1);
});

test('a lost focus, another finger and a sheet that goes away do not end the hold of a finger', () => {
  press();
  say(button, 'blur');
  say(window, 'pointerup', { pointerId: 2 });
  say(button, 'lostpointercapture', { pointerId: 1 });
  takeAway();
  vi.advanceTimersByTime(HOLD_MS + 100);
  expect(done).toHaveBeenCalledTimes(1);
});

test('a key holds too, and is over with the focus or the key', () => {
  const key = (type: string) => say(type === 'keyup' ? window : button, type, { key: ' ', repeat: false });
  for (const end of [() => say(button, 'blur'), () => key('keyup')]) {
    key('keydown');
    vi.advanceTimersByTime(HOLD_MS / 2);
    end();
    vi.advanceTimersByTime(HOLD_MS);
  }
  expect(done).not.toHaveBeenCalled();
  key('keydown');
  vi.advanceTimersByTime(HOLD_MS + 100);
  expect(done).toHaveBeenCalledTimes(1);
});
