// What a new job sounds like: tones made here (no file to load), then its words where the browser speaks Chinese.
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

export class Alert {
  private context: AudioContext | null = null;
  private timers: ReturnType<typeof setTimeout>[] = [];

  /** From a gesture: browsers allow sound only after one, unless the car's browser was set to allow it always. */
  unlock(): void {
    this.context ??= new AudioContext();
    if (this.context.state !== 'running') void this.context.resume();
  }

  get blocked(): boolean {
    return this.context?.state !== 'running';
  }

  /** Sounds and speaks until `stop`, or SILENT_AFTER_S. */
  start(sound: Sound, words: string, language: string): void {
    this.stop();
    this.unlock();
    const again = (work: () => void, every_s: number) => {
      work();
      this.timers.push(setInterval(work, every_s * 1000));
    };
    again(() => this.play(sound), PATTERNS[sound].every_s);
    again(() => speak(words, language), SPOKEN_EVERY_S);
    this.timers.push(setTimeout(() => this.stop(), SILENT_AFTER_S * 1000));
    if (sound === 'urgent') navigator.vibrate?.([300, 100, 300, 100, 300]);
  }

  /** For what must be noticed, but is no job: once, and spoken once. A job's alarm is not talked over. */
  once(sound: Sound, words: string, language: string): void {
    if (this.timers.length > 0) return;
    this.unlock();
    this.play(sound);
    speak(words, language);
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    if ('speechSynthesis' in globalThis) speechSynthesis.cancel();
  }

  private play(sound: Sound): void {
    const context = this.context;
    if (!context) return;
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
