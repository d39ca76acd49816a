// The empty map: no style server, no glyph server, no tiles; everything on it comes from this system's own data.
import { Map as MapLibreMap, setWorkerUrl, type LngLatBoundsLike, type StyleSpecification } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import { addImages } from './images';
import { screenScale } from './page_font';

export { FONT, screenScale } from './page_font';

setWorkerUrl(workerUrl);

/** Drawing order from the ground up; a part puts its layers below the marker of its slot. */
export const SLOTS = ['tiles', 'area', 'streets', 'jams', 'coverage', 'names', 'stations', 'ways', 'units', 'calls', 'alarms', 'measure'] as const;
export type Slot = (typeof SLOTS)[number];
export const slotId = (slot: Slot) => `slot-${slot}`;

// Without a glyphs address MapLibre draws letters in the browser, with the page's own font.
const style: StyleSpecification = {
  version: 8,
  sources: {},
  layers: [
    { id: 'ground', type: 'background', paint: { 'background-color': '#0a0f18' } },
    ...SLOTS.map((slot) => ({ id: slotId(slot), type: 'background' as const, layout: { visibility: 'none' as const } })),
  ],
};

const removed = new WeakSet<MapLibreMap>();

/** Ends a map. Its parts may outlive it by a moment; what they take away then is gone already. */
export function removeMap(map: MapLibreMap): void {
  removed.add(map);
  map.remove();
}

export const isRemoved = (map: MapLibreMap) => removed.has(map);

/** Takes a part's layers and its source, where it has one of its own, off the map. */
export function takeAway(map: MapLibreMap, source: string | null, layers: readonly string[]): void {
  if (removed.has(map)) return;
  for (const id of layers) if (map.getLayer(id)) map.removeLayer(id);
  if (source !== null && map.getSource(source)) map.removeSource(source);
}

/** Makes the map in `container`; `ready` is called once it can take parts. */
export function createMap(container: HTMLElement, bounds: LngLatBoundsLike, ready: (map: MapLibreMap) => void): MapLibreMap {
  const map = new MapLibreMap({
    container,
    style,
    bounds,
    fitBoundsOptions: { padding: 30 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    maxZoom: 19,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.once('load', () => {
    addImages(map, screenScale());
    ready(map);
  });
  return map;
}
