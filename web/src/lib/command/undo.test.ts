// What is taken back, in which order, and what stands in the way.
import { expect, test, vi } from 'vitest';
import { said } from './said';
import { UNDO_MS, UndoStack } from './undo.svelte';

function stack() {
  const clock = { ms: 0 };
  return { clock, undo: new UndoStack(() => clock.ms) };
}
const words = (key: 'assign' | 'back' | 'discard') => said(key);

test('the last thing first, each once', async () => {
  const { undo } = stack();
  const [first, second] = [vi.fn(() => Promise.resolve(words('assign'))), vi.fn(() => Promise.resolve(words('back')))];
  undo.remember({ says: words('assign'), undo: first });
  undo.remember({ says: words('back'), undo: second });
  expect(await undo.undo()).toEqual({ says: words('back'), undone: true });
  expect(await undo.undo()).toEqual({ says: words('assign'), undone: true });
  expect(await undo.undo()).toEqual({ says: said('command_undo_nothing'), undone: false });
  expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 1]);
});

test('what can not be taken back says so, and nothing older is undone in its place', async () => {
  const { undo } = stack();
  const older = vi.fn(() => Promise.resolve(words('assign')));
  undo.remember({ says: words('assign'), undo: older });
  undo.remember({ says: words('back'), undo: words('discard') });
  for (let times = 0; times < 2; times++) expect(await undo.undo()).toEqual({ says: words('discard'), undone: false });
  expect(older).not.toHaveBeenCalled();
});

test('after a while nothing is taken back, and nothing that another person did', async () => {
  const { clock, undo } = stack();
  const back = vi.fn(() => Promise.resolve(words('assign')));
  undo.remember({ says: words('assign'), undo: back });
  clock.ms = UNDO_MS;
  expect((await undo.undo()).undone).toBe(false);
  undo.remember({ says: words('assign'), undo: back });
  undo.forget();
  expect(undo.last()).toBeNull();
  expect(back).not.toHaveBeenCalled();
});

test('a refusal of the server leaves it to be tried again', async () => {
  const { undo } = stack();
  const back = vi.fn().mockRejectedValueOnce(new Error('no answer')).mockResolvedValueOnce(words('assign'));
  undo.remember({ says: words('assign'), undo: back });
  await expect(undo.undo()).rejects.toThrow('no answer');
  expect((await undo.undo()).undone).toBe(true);
});
