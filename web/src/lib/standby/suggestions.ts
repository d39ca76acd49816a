// Suggestions in the order of their making, and as arrows from the unit to its post. Pure.
import type { Suggestion, Unit } from '../api/types';
import type { Mark, Marks } from '../map/differences';

/** A gain below half a percent is told in seconds. */
const WORTH_A_SHARE = 0.005;

/** Oldest first; of one round the move that the others build on. */
export const inOrder = (suggestions: Iterable<Suggestion>): Suggestion[] =>
  [...suggestions].sort(
    (one, other) =>
      Date.parse(one.made_at) - Date.parse(other.made_at) ||
      one.share_before - other.share_before ||
      (one.id < other.id ? -1 : 1),
  );

/** What the move brings most: whole percent of the expected calls, or seconds of the expected drive. */
export function mainGain({ gain_share, gain_s }: Suggestion): { percent: number } | { seconds: number } {
  if (gain_share >= WORTH_A_SHARE) return { percent: Math.round(gain_share * 100) };
  return { seconds: Math.round(gain_s) };
}

/** Minutes as told of a drive: at least one. */
export const minutes = (seconds: number) => Math.max(1, Math.round(seconds / 60));

/** Degrees clockwise from north, from one place to another that is not far away. */
export function bearing_deg(from: { lat: number; lon: number }, to: { lat: number; lon: number }): number {
  const east = (to.lon - from.lon) * Math.cos((from.lat * Math.PI) / 180);
  return Math.round(((Math.atan2(east, to.lat - from.lat) * 180) / Math.PI + 360) % 360);
}

/** For each suggestion whose unit is somewhere: a line, and its tip at the post. */
export function arrows(suggestions: Iterable<Suggestion>, units: ReadonlyMap<string, Unit>): Marks {
  const marks = new Map<string, Mark>();
  for (const suggestion of suggestions) {
    const position = units.get(suggestion.unit_id)?.position;
    if (!position) continue;
    const post = [suggestion.lon, suggestion.lat];
    const asked = suggestion.state === 'open';
    const properties = { part: 'line', asked, label: '', course_deg: 0 };
    const line: GeoJSON.LineString = { type: 'LineString', coordinates: [[position.lon, position.lat], post] };
    marks.set(suggestion.id, { geometry: line, properties });
    marks.set(`${suggestion.id} tip`, {
      geometry: { type: 'Point', coordinates: post },
      properties: { part: 'tip', asked, label: suggestion.place, course_deg: bearing_deg(position, suggestion) },
    });
  }
  return marks;
}
