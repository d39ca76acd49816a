// What each sound is made of. All differ in rhythm and pitch, so that they are told apart without looking.

export type Sound = 'sos' | 'alarm' | 'warning' | 'notice' | 'call';

export interface Tone {
  hz: number;
  at_s: number;
  for_s: number;
}

export interface Pattern {
  tones: readonly Tone[];
  /** How often it comes again until somebody acknowledges; null: once. */
  every_s: number | null;
  shape: OscillatorType;
}

const beeps = (hz: number, ...at_s: number[]): Tone[] => at_s.map((at) => ({ hz, at_s: at, for_s: 0.14 }));

export const PATTERNS: Record<Sound, Pattern> = {
  /** A siren without a pause: nothing else sounds like it. */
  sos: {
    tones: [
      { hz: 880, at_s: 0, for_s: 0.55 },
      { hz: 660, at_s: 0.6, for_s: 0.55 },
    ],
    every_s: 1.2,
    shape: 'triangle',
  },
  alarm: { tones: beeps(988, 0, 0.2, 0.4), every_s: 4, shape: 'square' },
  warning: { tones: beeps(587, 0, 0.25), every_s: 20, shape: 'triangle' },
  notice: { tones: beeps(440, 0), every_s: null, shape: 'sine' },
  /** Two rising notes, as a telephone in another room. */
  call: { tones: [...beeps(523, 0, 0.18), ...beeps(784, 0.36, 0.54)], every_s: null, shape: 'sine' },
};

/** The louder matter goes first; one at a time is heard better than several. */
export const ORDER: readonly Sound[] = ['sos', 'alarm', 'warning', 'notice', 'call'];

/** The first of them in that order, or null. */
export const foremost = (sounds: Iterable<Sound>): Sound | null => {
  const wanted = new Set(sounds);
  return ORDER.find((sound) => wanted.has(sound)) ?? null;
};
