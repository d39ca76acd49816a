// The sound of an SOS: two tones, made here (no file to load), while somebody has not acknowledged it.
// Browsers allow sound only after a gesture; the click that signs in is one.

const PERIOD_S = 1.2;
const TONES_HZ = [880, 660] as const;
const LOUDNESS = 0.25;

class Siren {
  private context: AudioContext | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private wanted = false;

  /** To be called from a gesture of the user. */
  unlock(): void {
    this.context ??= new AudioContext();
    if (this.context.state === 'suspended') void this.context.resume();
  }

  get audible(): boolean {
    return this.context?.state === 'running';
  }

  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.sound();
    this.timer = setInterval(() => this.sound(), PERIOD_S * 1000);
  }

  stop(): void {
    this.wanted = false;
    clearInterval(this.timer);
  }

  private sound(): void {
    const context = this.context;
    if (context?.state !== 'running') return;
    TONES_HZ.forEach((frequency_hz, index) => {
      const from_s = context.currentTime + (index * PERIOD_S) / 2;
      const until_s = from_s + PERIOD_S / 2 - 0.05;
      const tone = new OscillatorNode(context, { type: 'triangle', frequency: frequency_hz });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setTargetAtTime(LOUDNESS, from_s, 0.01);
      gain.gain.setTargetAtTime(0, until_s - 0.05, 0.02);
      tone.connect(gain).connect(context.destination);
      tone.start(from_s);
      tone.stop(until_s);
    });
  }
}

export const siren = new Siren();
