// Which key is meant: with an input method, on another keyboard, and where single keys are switched off.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chord, shortcut, singleKeys } from './keys';
import { following } from './regions';

const key = (code: string, letter: string, held: Partial<KeyboardEvent> = {}) =>
  ({ code, key: letter, isComposing: false, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, target: null, ...held }) as KeyboardEvent;

beforeEach(() => vi.stubGlobal('localStorage', { setItem: vi.fn() }));
afterEach(() => {
  singleKeys.set(true);
  vi.unstubAllGlobals();
});

test('the line and the sheet open by their signs, wherever these lie', () => {
  expect(chord(key('Slash', '/'))).toBe('command');
  expect(chord(key('Slash', '?', { shiftKey: true }))).toBe('help');
  expect(chord(key('Digit7', '/', { shiftKey: true }))).toBe('command');
  expect(chord(key('Slash', '-'))).toBeNull();
});

test('an input method that tells no sign is read by the place of the key', () => {
  expect(chord(key('Slash', 'Process'))).toBe('command');
  expect(chord(key('Slash', 'ㄥ'))).toBe('command');
  expect(chord(key('Slash', 'Process', { shiftKey: true }))).toBe('help');
  expect(chord(key('Slash', 'Process', { isComposing: true }))).toBeNull();
});

test('keys with Ctrl and the function keys', () => {
  expect(chord(key('KeyK', 'k', { ctrlKey: true }))).toBe('command');
  expect(chord(key('KeyZ', 'z', { ctrlKey: true }))).toBe('undo');
  expect(chord(key('KeyZ', 'Z', { ctrlKey: true, shiftKey: true }))).toBeNull();
  expect([key('F1', 'F1'), key('F6', 'F6'), key('F6', 'F6', { shiftKey: true })].map(chord)).toEqual([
    'help',
    'region',
    'region_back',
  ]);
  expect(chord(key('KeyK', 'k'))).toBeNull();
});

test('switched off, letters, digits and signs do nothing, and all others stay', () => {
  expect(shortcut(key('KeyN', 'n'))).toBe('KeyN');
  singleKeys.set(false);
  for (const [code, letter] of [['KeyN', 'n'], ['Digit1', '1'], ['Numpad1', '1'], ['Slash', '/']] as const) {
    expect(shortcut(key(code, letter))).toBeNull();
    expect(chord(key(code, letter))).toBeNull();
  }
  expect(['Escape', 'ArrowDown', 'F6', 'Enter'].map((code) => shortcut(key(code, code)))).toEqual([
    'Escape',
    'ArrowDown',
    'F6',
    'Enter',
  ]);
  expect(chord(key('KeyK', 'k', { ctrlKey: true }))).toBe('command');
  expect(localStorage.setItem).toHaveBeenCalledWith('patrol.single_keys', 'off');
});

test('parts of the screen follow each other round and round', () => {
  expect([following(-1, 4, 1), following(-1, 4, -1), following(3, 4, 1), following(0, 4, -1)]).toEqual([0, 3, 0, 3]);
});
