// Which layers this browser's user wants on the map; kept here for the next night.
import { readChoice, type Choice, type Layer } from './layer_choice';

const STORED_AS = 'patrol.map_layers';

class Layers {
  shown = $state.raw<Choice>(readChoice(localStorage.getItem(STORED_AS)));

  show(layer: Layer, shown: boolean): void {
    this.shown = { ...this.shown, [layer]: shown };
    localStorage.setItem(STORED_AS, JSON.stringify(this.shown));
  }
}

export const layers = new Layers();
