// What changed between two pictures, so that the map is told the difference and never the whole.
import type { GeoJSONSourceDiff } from 'maplibre-gl';

export type Value = string | number | boolean;

/** One thing on the map; coordinates are longitude, latitude as in GeoJSON. */
export interface Mark {
  readonly geometry: GeoJSON.Point | GeoJSON.LineString;
  readonly properties: Readonly<Record<string, Value>>;
}

export type Marks = ReadonlyMap<string, Mark>;

type Geometry = Mark['geometry'];
const samePlace = (at: GeoJSON.Position, other: GeoJSON.Position | undefined) => at[0] === other?.[0] && at[1] === other?.[1];

// Many times a second for hundreds of marks: compared in place, nothing is made on the way.
function sameGeometry(one: Geometry, other: Geometry): boolean {
  if (one === other) return true;
  if (one.type === 'Point') return other.type === 'Point' && samePlace(one.coordinates, other.coordinates);
  if (other.type === 'Point' || one.coordinates.length !== other.coordinates.length) return false;
  return one.coordinates.every((at, number) => samePlace(at, other.coordinates[number]));
}

function changedProperties(before: Mark['properties'], after: Mark['properties']): { key: string; value: Value }[] | null {
  let changed: { key: string; value: Value }[] | null = null;
  for (const key in after) {
    const value = after[key];
    if (value !== undefined && value !== before[key]) (changed ??= []).push({ key, value });
  }
  return changed;
}

/** What a mark is called in the source that all kinds share. */
export const keyOf = (kind: string, id: string) => `${kind} ${id}`;

/**
 * The change from `before` to `after`, or null where nothing changed. Marks of several kinds share a source: each has its
 * `markKind`, and its `key` in all of them. Every mark of a kind has the same members in its properties.
 */
export function differences(before: Marks, after: Marks, kind: string): GeoJSONSourceDiff | null {
  const add: GeoJSON.Feature[] = [];
  const update: NonNullable<GeoJSONSourceDiff['update']> = [];
  const remove = [...before.keys()].filter((id) => !after.has(id)).map((id) => keyOf(kind, id));
  for (const [id, mark] of after) {
    const known = before.get(id);
    if (!known) {
      add.push({ type: 'Feature', geometry: mark.geometry, properties: { ...mark.properties, id, markKind: kind, key: keyOf(kind, id) } });
      continue;
    }
    if (known === mark) continue;
    const changed = changedProperties(known.properties, mark.properties);
    const moved = !sameGeometry(known.geometry, mark.geometry);
    if (!moved && !changed) continue;
    update.push({
      id: keyOf(kind, id),
      ...(moved ? { newGeometry: mark.geometry } : {}),
      ...(changed ? { addOrUpdateProperties: changed } : {}),
    });
  }
  return add.length || update.length || remove.length ? { add, update, remove } : null;
}
