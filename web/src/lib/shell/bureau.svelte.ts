// The bureau's name, area and streets: read after sign-in and now and then again, as streets may be loaded at any time.
import { bureau as readBureau, streets as readStreets } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import type { Bureau } from '../api/types';

/** Until there are streets, or where an answer did not come. */
const ASK_AGAIN_MS = 5_000;
/** Another import of the streets is on every desk within this. */
const LOOK_AGAIN_MS = 60_000;
const TARGET_S = 600;

class BureauFacts {
  bureau = $state.raw<Bureau | null>(null);
  streets = $state.raw<GeoJSON.FeatureCollection<GeoJSON.LineString> | null>(null);
  readonly target_s = $derived(this.bureau?.target_s ?? TARGET_S);
  private drawn: number | null = null;

  /** Starts reading; gives the function that stops it. */
  load(): () => void {
    let wanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      let again_ms = ASK_AGAIN_MS;
      try {
        await this.look();
        if (this.bureau?.map) again_ms = LOOK_AGAIN_MS;
      } catch (error) {
        if (!(error instanceof NoAnswer || error instanceof Refusal)) throw error;
      }
      if (wanted) timer = setTimeout(() => void read(), again_ms);
    };
    void read();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }

  private async look(): Promise<void> {
    const now = await readBureau();
    // The same words again are no news: whoever watches would draw all of it anew.
    if (JSON.stringify(now) !== JSON.stringify(this.bureau)) this.bureau = now;
    const map_id = now.map?.map_id ?? null;
    if (map_id === null || map_id === this.drawn) return;
    this.streets = await readStreets();
    this.drawn = map_id;
  }
}

export const facts = new BureauFacts();
