// A source of marks with its layers, which owns their life on the map and is fed whole pictures but tells differences.
import type { GeoJSONSource, LayerSpecification, Map as MapLibreMap } from 'maplibre-gl';
import { slotId, takeAway, type Slot } from './create_map';
import { differences, type Marks } from './differences';
import { loadLetters, missingLetters } from './glyphs';

type Unsourced<T> = T extends { source: string } ? Omit<T, 'source'> : never;
export type MarkLayer = Unsourced<LayerSpecification>;

export class MarkSource {
  private shown: Marks = new Map();
  private wanted: Marks = new Map();
  private loading = false;
  private removed = false;

  constructor(
    private readonly map: MapLibreMap,
    private readonly id: string,
    slot: Slot,
    private readonly layers: readonly MarkLayer[],
  ) {
    map.addSource(id, { type: 'geojson', data: { type: 'FeatureCollection', features: [] }, promoteId: 'id' });
    for (const layer of layers) map.addLayer({ ...layer, source: id } as LayerSpecification, slotId(slot));
  }

  /** Shows exactly these marks; labels (property `label`) wait for their letters. */
  show(marks: Marks): void {
    this.wanted = marks;
    if (!this.loading) this.draw();
  }

  remove(): void {
    this.removed = true;
    takeAway(
      this.map,
      this.id,
      this.layers.map(({ id }) => id),
    );
  }

  private draw(): void {
    if (this.removed) return;
    const letters = missingLetters(this.labels());
    if (letters) {
      this.loading = true;
      void loadLetters(letters).then(() => {
        this.loading = false;
        this.draw();
      });
      return;
    }
    const change = differences(this.shown, this.wanted);
    this.shown = this.wanted;
    if (change) void this.map.getSource<GeoJSONSource>(this.id)?.updateData(change);
  }

  private *labels(): Generator<string> {
    for (const { properties } of this.wanted.values()) {
      const label = properties['label'];
      if (typeof label === 'string') yield label;
    }
  }
}
