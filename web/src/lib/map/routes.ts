// Lines from units on their way to where they go. Pure.
import type { Incident, Unit } from '../api/types';
import { openAssignments } from '../incidents/urgency';
import { whereOf } from '../incidents/where';
import type { Mark, Marks } from './differences';
import type { Way } from './requests';

/** Ids of the assignments whose unit is not on scene yet, in one text: it changes exactly when they do. */
export function goingKey(incidents: Iterable<Incident>): string {
  const ids = [];
  for (const incident of incidents) {
    for (const { id, state } of openAssignments(incident)) if (state !== 'on_scene') ids.push(id);
  }
  return ids.sort().join();
}

/** What the desk looks at. */
export interface Chosen {
  incident_id: string | null;
  unit_id: string | null;
}

/** A line for each unit under way: along the streets where the server has told them, else straight. `units`: of now. */
export function routeMarks(
  incidents: Iterable<Incident>,
  units: ReadonlyMap<string, Unit>,
  ways: ReadonlyMap<string, Way>,
  chosen: Chosen,
): Marks {
  const marks = new Map<string, Mark>();
  for (const incident of incidents) {
    for (const { id, unit_id, state } of openAssignments(incident)) {
      if (state === 'on_scene') continue;
      const way = ways.get(id);
      const geometry = way?.route ?? straight(incident, units.get(unit_id));
      if (!geometry) continue;
      marks.set(id, {
        geometry,
        properties: {
          priority: incident.priority,
          street: way?.basis === 'street',
          chosen: incident.id === chosen.incident_id || unit_id === chosen.unit_id,
        },
      });
    }
  }
  return marks;
}

function straight(incident: Incident, unit: Unit | undefined): GeoJSON.LineString | null {
  const position = unit?.position;
  const there = whereOf(incident);
  if (!position || !there) return null;
  return { type: 'LineString', coordinates: [[position.lon, position.lat], [there.lon, there.lat]] };
}
