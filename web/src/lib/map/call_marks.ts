// Open incidents as marks, and the lines from units to where they go. Pure.
import type { Incident, Unit } from '../api/types';
import { openAssignments } from '../incidents/urgency';
import type { CallClock } from '../time/call_clock';
import type { Mark, Marks } from './differences';

export function callMark(incident: Incident, clock: CallClock, label: string, chosen: boolean): Mark {
  return {
    geometry: { type: 'Point', coordinates: [incident.lon, incident.lat] },
    properties: { icon: `call-${incident.priority}-${clock.stage}`, label, priority: incident.priority, chosen },
  };
}

/** A line from each unit on its way to its incident. */
export function wayMarks(incidents: Iterable<Incident>, units: ReadonlyMap<string, Unit>): Marks {
  const marks = new Map<string, Mark>();
  for (const incident of incidents) {
    for (const assignment of openAssignments(incident)) {
      const position = units.get(assignment.unit_id)?.position;
      if (!position || assignment.state === 'on_scene') continue;
      const coordinates = [
        [position.lon, position.lat],
        [incident.lon, incident.lat],
      ];
      marks.set(assignment.id, { geometry: { type: 'LineString', coordinates }, properties: { state: assignment.state } });
    }
  }
  return marks;
}
