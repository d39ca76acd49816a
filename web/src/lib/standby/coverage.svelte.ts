// How well the expected calls are covered now, asked for while the live map is looked at; and whether areas are drawn.
import { coverage as readCoverage, coverageAreas, type CoverageAreas } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import type { Coverage } from '../api/types';
import { layers } from '../map/layers.svelte';

const ASK_AGAIN_MS = 10_000;

class CoverageNow {
  figures = $state.raw<Coverage | null>(null);
  areas = $state.raw<CoverageAreas | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watched = false;

  /** Are the areas drawn on the map? */
  get shown(): boolean {
    return layers.shown.coverage;
  }

  toggle(): void {
    if (this.shown) layers.show('coverage', false);
    else this.show();
  }

  show(): void {
    layers.show('coverage', true);
    void this.read();
  }

  /** Asks now and every ten seconds; gives the function that ends it. */
  watch(): () => void {
    this.watched = true;
    void this.read();
    return () => {
      this.watched = false;
      clearTimeout(this.timer);
    };
  }

  private async read(): Promise<void> {
    clearTimeout(this.timer);
    try {
      this.figures = await readCoverage();
      if (this.shown) this.areas = await coverageAreas();
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      // Without streets there is no coverage; an old figure must not look like one of this moment.
      this.figures = this.areas = null;
    }
    clearTimeout(this.timer);
    if (this.watched) this.timer = setTimeout(() => void this.read(), ASK_AGAIN_MS);
  }
}

export const coverageNow = new CoverageNow();
