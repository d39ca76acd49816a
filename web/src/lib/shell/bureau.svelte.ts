// The bureau's name, area and streets: read once after sign-in, asked for again until they come.
import { bureau as readBureau, streets as readStreets } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import type { Bureau } from '../api/types';

const ASK_AGAIN_MS = 5_000;
const TARGET_S = 600;

class BureauFacts {
  bureau = $state.raw<Bureau | null>(null);
  streets = $state.raw<GeoJSON.FeatureCollection<GeoJSON.LineString> | null>(null);
  readonly target_s = $derived(this.bureau?.target_s ?? TARGET_S);

  /** Starts reading; gives the function that stops asking again. */
  load(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      try {
        this.bureau ??= await readBureau();
        if (this.bureau.map) this.streets ??= await readStreets();
      } catch (error) {
        if (!(error instanceof NoAnswer || error instanceof Refusal)) throw error;
        timer = setTimeout(() => void read(), ASK_AGAIN_MS);
      }
    };
    void read();
    return () => clearTimeout(timer);
  }
}

export const facts = new BureauFacts();
