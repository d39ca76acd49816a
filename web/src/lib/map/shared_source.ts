// The one source of all marks of a map. With each change the map lays out labels and draws all of its streets anew, and once
// more with every tile that comes back: so units, their ways and the calls change together, with one beat that is no
// faster than the eye needs.
import type { GeoJSONSource, GeoJSONSourceDiff, Map as MapLibreMap, MapSourceDataEvent } from 'maplibre-gl';
import { isRemoved } from './create_map';
import { keyOf } from './differences';

const SOURCE = 'marks';
const NOTHING: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
/** A town is one to four tiles of this zoom. Their grid of 2.2 m at our latitude is finer than any receiver. */
const TILED_TO_ZOOM = 11;

/** What shows some of the marks. */
export interface Part {
  /** What is new since it was asked last; null where nothing is, or where it has to wait for something itself. */
  change(): GeoJSONSourceDiff | null;
}

/** How long a picture stands at least. Units report once a second, each at its own moment. Longer for whoever asks their
 *  computer for little motion: then the units of two seconds move together. */
export const PACE_MS =
  typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches ? 2_000 : 500;

export class SharedSource {
  readonly name = SOURCE;
  private readonly due = new Set<Part>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private beaten_ms = -Infinity;

  constructor(private readonly map: MapLibreMap) {
    map.addSource(SOURCE, { type: 'geojson', data: NOTHING, promoteId: 'key', maxzoom: TILED_TO_ZOOM });
  }

  /** It is gone, with what it showed: `left`. Its layers have to be gone before. */
  leave(part: Part, left: GeoJSONSourceDiff | null): void {
    this.due.delete(part);
    this.tell(left);
  }

  /** It has something new to show: with the next beat, which is now where the last one is long enough ago. */
  wake(part: Part): void {
    this.due.add(part);
    if (this.timer !== undefined) return;
    const wait_ms = this.beaten_ms + PACE_MS - performance.now();
    if (wait_ms <= 0) this.strike();
    else this.timer = setTimeout(() => this.strike(), wait_ms);
  }

  /** Shows at once what is new in this part, whenever the beat comes. */
  hurry(part: Part): void {
    this.due.delete(part);
    this.tell(part.change());
  }

  private strike(): void {
    this.timer = undefined;
    this.beaten_ms = performance.now();
    const changes = [...this.due].map((part) => part.change());
    this.due.clear();
    this.tell(together(changes));
  }

  private tell(change: GeoJSONSourceDiff | null): void {
    if (change && !isRemoved(this.map)) void this.map.getSource<GeoJSONSource>(SOURCE)?.updateData(change);
  }
}

/** Several changes, of different marks each, as one. */
function together(changes: readonly (GeoJSONSourceDiff | null)[]): GeoJSONSourceDiff | null {
  const real = changes.filter((change) => change !== null);
  if (real.length < 2) return real[0] ?? null;
  return {
    add: real.flatMap(({ add }) => add ?? []),
    update: real.flatMap(({ update }) => update ?? []),
    remove: real.flatMap(({ remove }) => remove ?? []),
  };
}

const sources = new WeakMap<MapLibreMap, SharedSource>();

export function sharedSource(map: MapLibreMap): SharedSource {
  let source = sources.get(map);
  if (!source) sources.set(map, (source = new SharedSource(map)));
  return source;
}

/** Where the map draws this point mark, which may be behind what it was told; null where it draws none. */
export function drawnAt(map: MapLibreMap, kind: string, id: string): GeoJSON.Position | null {
  if (isRemoved(map) || !map.getSource(SOURCE)) return null;
  const [mark] = map.querySourceFeatures(SOURCE, { filter: ['==', ['get', 'key'], keyOf(kind, id)], validate: false });
  return mark?.geometry.type === 'Point' ? mark.geometry.coordinates : null;
}

/** Calls `look` whenever marks are about to be drawn elsewhere, until what it gives is called. */
export function onDrawn(map: MapLibreMap, look: () => void): () => void {
  const heard = ({ sourceId, tile }: MapSourceDataEvent) => {
    if (sourceId === SOURCE && tile) look();
  };
  map.on('sourcedata', heard);
  return () => void map.off('sourcedata', heard);
}
