// What a new job sounds like: tones made here (no file to load), then its words where the browser speaks Chinese.
import { buzz } from './buzz';

export interface Tone {
  hz: number;
  at_s: number;
  for_s: number;
}

interface Pattern {
  tones: readonly Tone[];
  every_s: number;
  shape: OscillatorType;
}

/** Priority 1: a fast climbing alarm, again and again; others: two calm notes at longer intervals. */
export const PATTERNS: Record<'urgent' | 'usual', Pattern> = {
  urgent: {
    tones: [660, 880, 1175, 660, 880, 1175].map((hz, index) => ({ hz, at_s: index * 0.16, for_s: 0.13 })),
    every_s: 1.5,
    shape: 'square',
  },
  usual: {
    tones: [
      { hz: 587, at_s: 0, for_s: 0.25 },
      { hz: 784, at_s: 0.3, for_s: 0.35 },
    ],
    every_s: 3,
    shape: 'triangle',
  },
};
export type Sound = keyof typeof PATTERNS;
export const soundOf = (priority: number): Sound => (priority === 1 ? 'urgent' : 'usual');

/** After this long without a touch it is silent; the picture stays. A crew that left the car must not come back to a
 *  siren that has been running for an hour. */
export const SILENT_AFTER_S = 120;
const SPOKEN_EVERY_S = 15;
const LOUDNESS = 0.4;

/** Between one piece of news and the next: so long one is spoken. */
const GAP_MS = 6_000;

/** What must be heard once. `id` is heard once as long as this page lives. */
export interface News {
  id: string;
  sound: Sound;
  words: string;
}

export class Alert {
  private context: AudioContext | null = null;
  /** Of the job that sounds; empty: none does. */
  private timers: ReturnType<typeof setTimeout>[] = [];
  private waiting: readonly News[] = [];
  private language = '';
  private readonly heard = new Set<string>();
  private gap: ReturnType<typeof setTimeout> | undefined;
  private changed: () => void = () => undefined;

  /** From a gesture: browsers allow sound only after one, unless the car's browser was set to allow it always. */
  unlock(): void {
    if (!this.context) {
      this.context = new AudioContext();
      this.context.onstatechange = () => {
        this.changed();
        this.nextNews();
      };
    }
    if (this.context.state !== 'running') void this.context.resume();
  }

  /** Calls back when the browser allows sound or takes it back, which may be long after it was asked; gives what ends it. */
  whenChanged(callback: () => void): () => void {
    this.changed = callback;
    return () => (this.changed = () => undefined);
  }

  get blocked(): boolean {
    return this.context?.state !== 'running';
  }

  /** A job sounds and is spoken until `stop`, or SILENT_AFTER_S. */
  start(sound: Sound, words: string, language: string): void {
    this.silence();
    this.unlock();
    const again = (work: () => void, every_s: number) => {
      work();
      this.timers.push(setInterval(work, every_s * 1000));
    };
    again(() => this.play(sound), PATTERNS[sound].every_s);
    again(() => speak(words, language), SPOKEN_EVERY_S);
    this.timers.push(setTimeout(() => this.stop(), SILENT_AFTER_S * 1000));
    if (sound === 'urgent') buzz([300, 100, 300, 100, 300]);
  }

  /** The job is silent; what came meanwhile is told now. */
  stop(): void {
    if (this.timers.length === 0) return;
    this.silence();
    this.nextNews();
  }

  /** All that stands and must be noticed, but is no job: each once, spoken once, one after the other, never over a job's
   *  alarm. What is in the list no more is not told any more. */
  tell(news: readonly News[], language: string): void {
    this.waiting = news;
    this.language = language;
    this.unlock();
    this.nextNews();
  }

  private nextNews(): void {
    if (this.timers.length > 0 || this.gap !== undefined || this.blocked) return;
    const unheard = this.waiting.filter(({ id }) => !this.heard.has(id));
    const next = unheard.find(({ sound }) => sound === 'urgent') ?? unheard[0];
    if (!next) return;
    this.heard.add(next.id);
    this.play(next.sound);
    speak(next.words, this.language);
    this.gap = setTimeout(() => {
      this.gap = undefined;
      this.nextNews();
    }, GAP_MS);
  }

  private silence(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    if ('speechSynthesis' in globalThis) speechSynthesis.cancel();
  }

  private play(sound: Sound): void {
    const context = this.context;
    // What a blocked loudspeaker is given it plays all at once when it is opened.
    if (context?.state !== 'running') return;
    const { tones, shape } = PATTERNS[sound];
    for (const { hz, at_s, for_s } of tones) {
      const from_s = context.currentTime + at_s;
      const tone = new OscillatorNode(context, { type: shape, frequency: hz });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setTargetAtTime(shape === 'square' ? LOUDNESS / 2 : LOUDNESS, from_s, 0.01);
      gain.gain.setTargetAtTime(0, from_s + for_s - 0.04, 0.02);
      tone.connect(gain).connect(context.destination);
      tone.start(from_s);
      tone.stop(from_s + for_s);
    }
  }
}

/** The page has one loudspeaker. */
export const alert = new Alert();

function speak(words: string, language: string): void {
  if (!('speechSynthesis' in globalThis)) return;
  const said = new SpeechSynthesisUtterance(words);
  said.lang = language;
  const voice = speechSynthesis.getVoices().find(({ lang }) => lang.replace('_', '-').startsWith(language));
  if (voice) said.voice = voice;
  speechSynthesis.cancel();
  speechSynthesis.speak(said);
}
