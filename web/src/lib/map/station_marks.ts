// Stations where they stand, and each precinct's name amid its stations: no outline, as none is known. Pure.
import type { Mark, Marks } from './differences';
import type { Station } from './requests';

export function stationMarks(stations: Iterable<Station>): Marks {
  const marks = new Map<string, Mark>();
  const groups = new Map<string, [lon: number, lat: number][]>();
  for (const { id, name, precinct, lat, lon } of stations) {
    if (lat === null || lon === null) continue;
    const label = precinct ? `${name}\n${precinct}` : name;
    marks.set(id, { geometry: { type: 'Point', coordinates: [lon, lat] }, properties: { kind: 'station', label } });
    if (precinct) groups.set(precinct, [...(groups.get(precinct) ?? []), [lon, lat]]);
  }
  for (const [precinct, places] of groups) {
    const mean = (axis: 0 | 1) => places.reduce((sum, place) => sum + place[axis], 0) / places.length;
    marks.set(`precinct ${precinct}`, {
      geometry: { type: 'Point', coordinates: [mean(0), mean(1)] },
      properties: { kind: 'precinct', label: precinct },
    });
  }
  return marks;
}
