// How loud this desk is, and which grades it sounds for. An SOS can't be switched off, nor turned down to nothing.
import type { Sound } from './patterns';

const STORED_AS = 'patrol.sounds';
export const QUIETEST = 0.2;
export type Switchable = Exclude<Sound, 'sos'>;
export const SWITCHABLE: readonly Switchable[] = ['alarm', 'warning', 'notice', 'call'];

interface Stored {
  volume?: unknown;
  off?: unknown;
}

function stored(): Stored {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(STORED_AS) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {};
  }
}

class SoundSettings {
  volume = $state(0.7);
  off = $state.raw<ReadonlySet<Switchable>>(new Set());

  constructor() {
    const { volume, off } = stored();
    if (typeof volume === 'number' && volume >= QUIETEST && volume <= 1) this.volume = volume;
    if (Array.isArray(off)) this.off = new Set(SWITCHABLE.filter((sound) => off.includes(sound)));
  }

  sounds(sound: Sound): boolean {
    return sound === 'sos' || !this.off.has(sound);
  }

  switch(sound: Switchable, on: boolean): void {
    const off = new Set(this.off);
    if (on) off.delete(sound);
    else off.add(sound);
    this.off = off;
    this.keep();
  }

  setVolume(volume: number): void {
    this.volume = Math.min(1, Math.max(QUIETEST, volume));
    this.keep();
  }

  private keep(): void {
    localStorage.setItem(STORED_AS, JSON.stringify({ volume: this.volume, off: [...this.off] }));
  }
}

export const soundSettings = new SoundSettings();
