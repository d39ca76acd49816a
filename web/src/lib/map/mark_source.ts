// Marks of one kind with their layers: fed whole pictures, it tells differences to the source that all kinds share.
import type { ExpressionSpecification, GeoJSONSourceDiff, LayerSpecification, Map as MapLibreMap } from 'maplibre-gl';
import { slotId, takeAway, type Slot } from './create_map';
import { differences, type Marks } from './differences';
import { loadLetters, missingLetters } from './glyphs';
import { sharedSource, type Part, type SharedSource } from './shared_source';

type Unsourced<T> = T extends { source: string } ? Omit<T, 'source' | 'filter'> & { filter?: ExpressionSpecification } : never;
export type MarkLayer = Unsourced<LayerSpecification>;

export class MarkSource implements Part {
  private shown: Marks = new Map();
  private wanted: Marks = new Map();
  private loading = false;
  private removed = false;
  private readonly source: SharedSource;

  constructor(
    private readonly map: MapLibreMap,
    private readonly kind: string,
    slot: Slot,
    private readonly layers: readonly MarkLayer[],
  ) {
    this.source = sharedSource(map);
    const ofKind: ExpressionSpecification = ['==', ['get', 'markKind'], kind];
    for (const { filter, ...layer } of layers) {
      const drawn = { ...layer, source: this.source.name, filter: filter ? ['all', ofKind, filter] : ofKind };
      map.addLayer(drawn as LayerSpecification, slotId(slot));
    }
  }

  /** Shows exactly these marks, soon or `atOnce`; labels (property `label`) wait for their letters. */
  show(marks: Marks, atOnce = false): void {
    this.wanted = marks;
    if (this.loading || this.removed) return;
    if (atOnce) this.source.hurry(this);
    else this.source.wake(this);
  }

  /** Changes how one of its layers is laid out. */
  lay(...property: Parameters<MapLibreMap['setLayoutProperty']>): void {
    if (!this.removed) this.map.setLayoutProperty(...property);
  }

  remove(): void {
    this.removed = true;
    takeAway(
      this.map,
      null,
      this.layers.map(({ id }) => id),
    );
    this.source.leave(this, differences(this.shown, new Map(), this.kind));
  }

  change(): GeoJSONSourceDiff | null {
    const letters = missingLetters(this.labels());
    if (letters) {
      this.loading = true;
      void loadLetters(letters).then(() => {
        this.loading = false;
        this.show(this.wanted);
      });
      return null;
    }
    const change = differences(this.shown, this.wanted, this.kind);
    this.shown = this.wanted;
    return change;
  }

  private *labels(): Generator<string> {
    for (const { properties } of this.wanted.values()) {
      const label = properties['label'];
      if (typeof label === 'string') yield label;
    }
  }
}
