// A source of marks with its layers, which owns their life on the map: fed whole pictures, it tells differences, and of
// many marks no more often than the eye needs. With each change the map lays out and places every label anew.
import type { GeoJSONSource, LayerSpecification, Map as MapLibreMap } from 'maplibre-gl';
import { slotId, takeAway, type Slot } from './create_map';
import { differences, type Marks } from './differences';
import { loadLetters, missingLetters } from './glyphs';

type Unsourced<T> = T extends { source: string } ? Omit<T, 'source'> : never;
export type MarkLayer = Unsourced<LayerSpecification>;

/** How long a picture of so many marks stands at least. A unit reports once a second, each at its own moment. */
export const pace_ms = (marks: number) => Math.min(marks * 0.8, 500);

export class MarkSource {
  private shown: Marks = new Map();
  private wanted: Marks = new Map();
  private loading = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private drawn_ms = -Infinity;
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

  /** Shows exactly these marks, soon or `atOnce`; labels (property `label`) wait for their letters. */
  show(marks: Marks, atOnce = false): void {
    this.wanted = marks;
    if (this.loading || (this.timer !== undefined && !atOnce)) return;
    const wait_ms = atOnce ? 0 : this.drawn_ms + pace_ms(marks.size) - performance.now();
    clearTimeout(this.timer);
    this.timer = wait_ms > 0 ? setTimeout(() => this.draw(), wait_ms) : undefined;
    if (wait_ms <= 0) this.draw();
  }

  /** Changes how one of its layers is laid out. */
  lay(...property: Parameters<MapLibreMap['setLayoutProperty']>): void {
    if (!this.removed) this.map.setLayoutProperty(...property);
  }

  remove(): void {
    this.removed = true;
    clearTimeout(this.timer);
    takeAway(
      this.map,
      this.id,
      this.layers.map(({ id }) => id),
    );
  }

  private draw(): void {
    this.timer = undefined;
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
    this.drawn_ms = performance.now();
    if (change) void this.map.getSource<GeoJSONSource>(this.id)?.updateData(change);
  }

  private *labels(): Generator<string> {
    for (const { properties } of this.wanted.values()) {
      const label = properties['label'];
      if (typeof label === 'string') yield label;
    }
  }
}
