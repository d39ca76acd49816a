// What the hand on the map does at the moment: follows a unit, measures, or has the list of layers open.
import type { Place } from '../api/types';

class MapTools {
  /** The unit that the map stays on. */
  following = $state<string | null>(null);
  measuring = $state(false);
  points = $state.raw<readonly Place[]>([]);
  layersOpen = $state(false);

  follow(unitId: string | null): void {
    this.following = this.following === unitId ? null : unitId;
  }

  measure(wanted: boolean): void {
    this.measuring = wanted;
    this.points = [];
  }

  addPoint({ lat, lon }: Place): void {
    this.points = [...this.points, { lat, lon }];
  }

  takePointBack(): void {
    this.points = this.points.slice(0, -1);
  }

  /** Ends the topmost of them; false where there was none. */
  back(): boolean {
    if (this.measuring) this.measure(false);
    else if (this.layersOpen) this.layersOpen = false;
    else if (this.following) this.following = null;
    else return false;
    return true;
  }
}

export const mapTools = new MapTools();
