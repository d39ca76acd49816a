// What is heard: a job until it is touched, news once each and never over a job, and nothing piles up while it is blocked.
import { beforeEach, expect, test, vi } from 'vitest';
import { Alert, type News } from './sounds';

let running: boolean;
let open: () => void;
let tones: number[];
let spoken: string[];
let alert: Alert;

class Context {
  currentTime = 0;
  destination = {};
  onstatechange: () => void = () => undefined;
  constructor() {
    open = () => {
      running = true;
      this.onstatechange();
    };
  }
  get state() {
    return running ? 'running' : 'suspended';
  }
  resume = () => Promise.resolve();
}
class Gain {
  gain = { setTargetAtTime: () => undefined };
  connect = (to: unknown) => to;
}
class Tone {
  constructor(_context: unknown, private readonly made: { frequency: number }) {}
  connect = (to: unknown) => to;
  start = () => void tones.push(this.made.frequency);
  stop = () => undefined;
}
const news = (id: string, sound: News['sound'] = 'usual'): News => ({ id, sound, words: id });
const tell = (...items: News[]) => alert.tell(items, 'zh-TW');

beforeEach(() => {
  vi.useFakeTimers();
  [running, tones, spoken] = [true, [], []];
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('AudioContext', Context);
  vi.stubGlobal('OscillatorNode', Tone);
  vi.stubGlobal('GainNode', Gain);
  vi.stubGlobal('SpeechSynthesisUtterance', class { constructor(readonly text: string) {} });
  vi.stubGlobal('speechSynthesis', { getVoices: () => [], cancel: () => undefined, speak: ({ text }: { text: string }) => spoken.push(text) });
  alert = new Alert();
});

test('while sound is blocked nothing piles up; when it is opened the job is heard once, not a hundred times', () => {
  running = false;
  alert.start('urgent', 'job', 'zh-TW');
  vi.advanceTimersByTime(30_000);
  expect(tones).toEqual([]);
  open();
  vi.advanceTimersByTime(1_500);
  expect(tones).toHaveLength(6);
});

test('what stands is told once, whatever goes away beside it', () => {
  tell(news('a'), news('b'));
  vi.advanceTimersByTime(20_000);
  tell(news('a'));
  tell(news('a'), news('b'));
  vi.advanceTimersByTime(20_000);
  expect(spoken).toEqual(['a', 'b']);
});

test('an alarm comes before warnings; what was read meanwhile is not told', () => {
  tell(news('a'), news('b'), news('c'), news('alarm', 'urgent'));
  expect(spoken).toEqual(['alarm']);
  tell(news('b'));
  vi.advanceTimersByTime(20_000);
  expect(spoken).toEqual(['alarm', 'b']);
});

test("during a job's alarm news wait, and are told when it is silent: by a touch, or after two minutes", () => {
  alert.start('usual', 'job', 'zh-TW');
  tell(news('alarm', 'urgent'));
  vi.advanceTimersByTime(10_000);
  expect(spoken).toEqual(['job']);
  alert.stop();
  expect(spoken).toEqual(['job', 'alarm']);
  alert.start('usual', 'another', 'zh-TW');
  tell(news('alarm', 'urgent'), news('later'));
  vi.advanceTimersByTime(119_000);
  expect(spoken).not.toContain('later');
  vi.advanceTimersByTime(2_000);
  expect(spoken.at(-1)).toBe('later');
});

test('news that came while sound was blocked are told when it is opened', () => {
  running = false;
  tell(news('a'));
  expect([tones, spoken]).toEqual([[], []]);
  open();
  expect(spoken).toEqual(['a']);
});

test('a browser that is slow with sound is not taken for one that forbids it: who asks is told when it comes', () => {
  running = false;
  const seen: boolean[] = [];
  const end = alert.whenChanged(() => seen.push(alert.blocked));
  alert.unlock();
  expect(alert.blocked).toBe(true);
  open();
  expect(seen).toEqual([false]);
  end();
  open();
  expect(seen).toEqual([false]);
});
