// What this desk lets be heard, made here (no file to load). Browsers allow sound only after a click or a key on the
// page; until then `blocked` is true and the screens say so.
import { foremost, PATTERNS, type Sound } from './patterns';
import { soundSettings } from './sound_settings.svelte';

const LOUDEST = 0.35;

class Speaker {
  /** The browser lets nothing be heard yet. */
  blocked = $state(true);
  /** What sounds again and again at the moment, heard or blocked. */
  looping = $state.raw<Sound | null>(null);
  private context: AudioContext | null = null;
  private readonly wanted = new Map<string, Sound>();
  private timer: ReturnType<typeof setInterval> | undefined;

  /** To be called from a gesture of the user; before one it only finds out whether sound is allowed. */
  unlock(): void {
    if (!this.context) {
      this.context = new AudioContext();
      this.context.addEventListener('statechange', () => this.notice());
    }
    if (this.context.state !== 'running') void this.context.resume();
    this.notice();
  }

  /** From now on `owner` wants this to sound until it wants something else; null: nothing. */
  loop(owner: string, sound: Sound | null): void {
    if (sound) this.wanted.set(owner, sound);
    else this.wanted.delete(owner);
    const next = foremost(this.wanted.values());
    if (next === this.looping) return;
    clearInterval(this.timer);
    this.looping = next;
    if (!next) return;
    this.once(next);
    const every_s = PATTERNS[next].every_s;
    if (every_s !== null) this.timer = setInterval(() => this.once(next), every_s * 1000);
  }

  /** Once, unless something louder sounds already. */
  once(sound: Sound): void {
    if (foremost([sound, ...(this.looping ? [this.looping] : [])]) === sound) this.play(sound);
  }

  /** Whatever else sounds: for a test of the loudspeaker. */
  play(sound: Sound): void {
    const context = this.context;
    if (context?.state !== 'running') return;
    const { tones, shape } = PATTERNS[sound];
    for (const { hz, at_s, for_s } of tones) {
      const from_s = context.currentTime + at_s;
      const tone = new OscillatorNode(context, { type: shape, frequency: hz });
      const gain = new GainNode(context, { gain: 0 });
      // A square wave of the same height is heard as twice as loud.
      gain.gain.setTargetAtTime((LOUDEST * soundSettings.volume) / (shape === 'square' ? 2 : 1), from_s, 0.01);
      gain.gain.setTargetAtTime(0, from_s + for_s - 0.05, 0.02);
      tone.connect(gain).connect(context.destination);
      tone.start(from_s);
      tone.stop(from_s + for_s);
    }
  }

  private notice(): void {
    const blocked = this.context?.state !== 'running';
    if (this.blocked && !blocked && this.looping) this.play(this.looping);
    this.blocked = blocked;
  }
}

export const speaker = new Speaker();
