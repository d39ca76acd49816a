// What the agent says: the newest word counts, and an answer that was overtaken by the stream is not one.
import { expect, test, vi } from 'vitest';
import { aState } from '../test/car_samples';
import { AgentBackend } from './agent_backend';

test('a slow answer does not lay an old state over what the stream said meanwhile', async () => {
  vi.useFakeTimers();
  let say: (step: string) => void = () => undefined;
  vi.stubGlobal(
    'EventSource',
    class {
      static readonly OPEN = 1;
      static readonly CLOSED = 2;
      readyState = 0;
      onmessage: (event: { data: string }) => void = () => undefined;
      constructor() {
        say = (unit_name) => this.onmessage({ data: JSON.stringify(aState({ unit_name })) });
      }
      close = () => undefined;
    },
  );
  let answer: (unit_name: string) => void = () => undefined;
  vi.stubGlobal('fetch', () => new Promise((resolve) => (answer = (unit_name) => resolve(Response.json(aState({ unit_name }))))));
  const shown: (string | null | undefined)[] = [];
  const stop = new AgentBackend().watch((state) => shown.push(state?.unit_name));
  say('new');
  answer('old');
  await vi.advanceTimersByTimeAsync(10);
  expect(shown).toEqual([undefined, 'new']);
  await vi.advanceTimersByTimeAsync(1_000);
  answer('newest');
  await vi.advanceTimersByTimeAsync(10);
  expect(shown.at(-1)).toBe('newest');
  stop();
});
