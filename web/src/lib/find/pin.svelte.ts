// The place that was looked for last, as a pin on the map until it is taken away or another is looked for.
import type { Place } from '../api/types';

class Pin {
  at = $state.raw<(Place & { label: string }) | null>(null);

  set({ lat, lon }: Place, label: string): void {
    this.at = { lat, lon, label };
  }

  clear(): void {
    this.at = null;
  }
}

export const pin = new Pin();
