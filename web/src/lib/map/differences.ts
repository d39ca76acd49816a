// What changed between two pictures, so that the map is told the difference and never the whole.
import type { GeoJSONSourceDiff } from 'maplibre-gl';

export type Value = string | number | boolean;

/** One thing on the map; coordinates are longitude, latitude as in GeoJSON. */
export interface Mark {
  readonly geometry: GeoJSON.Point | GeoJSON.LineString;
  readonly properties: Readonly<Record<string, Value>>;
}

export type Marks = ReadonlyMap<string, Mark>;

const sameGeometry = (one: Mark, other: Mark) =>
  one.geometry === other.geometry || one.geometry.coordinates.flat().join() === other.geometry.coordinates.flat().join();

/** The change from `before` to `after` by id, or null where nothing changed. Every mark of a source has the same
 *  members in its properties. */
export function differences(before: Marks, after: Marks): GeoJSONSourceDiff | null {
  const add: GeoJSON.Feature[] = [];
  const update: NonNullable<GeoJSONSourceDiff['update']> = [];
  const remove = [...before.keys()].filter((id) => !after.has(id));
  for (const [id, mark] of after) {
    const known = before.get(id);
    if (!known) {
      add.push({ type: 'Feature', geometry: mark.geometry, properties: { ...mark.properties, id } });
      continue;
    }
    const changed = Object.entries(mark.properties).filter(([key, value]) => known.properties[key] !== value);
    const moved = !sameGeometry(known, mark);
    if (!moved && !changed.length) continue;
    update.push({
      id,
      ...(moved ? { newGeometry: mark.geometry } : {}),
      ...(changed.length ? { addOrUpdateProperties: changed.map(([key, value]) => ({ key, value })) } : {}),
    });
  }
  return add.length || update.length || remove.length ? { add, update, remove } : null;
}
