// Where a unit was shown at a past moment: its track's columns unpacked, and the last of them that had come in by then.
import type { UnitPosition } from '../feed/messages';
import type { Track } from './pages';

export interface Unpacked {
  readonly unit_id: string;
  readonly track: Track;
  readonly at_ms: readonly number[];
  readonly lat: readonly number[];
  readonly lon: readonly number[];
}

function sums(steps: readonly number[], first: number, unit: number): number[] {
  let sum = 0;
  return steps.map((step) => first + (sum += step) / unit);
}

/** `from_ms`: the page's begin. */
export function unpack(track: Track, from_ms: number): Unpacked {
  return {
    unit_id: track.unit_id,
    track,
    at_ms: sums(track.at_ms, from_ms, 1),
    lat: sums(track.lat_e6, 0, 1e6),
    lon: sums(track.lon_e6, 0, 1e6),
  };
}

/** Index of the last of these rising numbers that is not greater; -1 where all are. */
export function lastBy(numbers: readonly number[], wanted: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? Infinity) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The unit's position as the feed tells it; null where none came in on this page by then. */
export function positionAt({ unit_id, track, at_ms, lat, lon }: Unpacked, now_ms: number): UnitPosition | null {
  const n = lastBy(at_ms, now_ms);
  const came_ms = at_ms[n];
  const [lat_deg, lon_deg, age_ms] = [lat[n], lon[n], track.age_ms[n]];
  if (came_ms === undefined || lat_deg === undefined || lon_deg === undefined || age_ms === undefined) return null;
  return {
    unit_id,
    lat: lat_deg,
    lon: lon_deg,
    accuracy_m: track.accuracy_m[n] ?? null,
    speed_mps: track.speed_mps[n] ?? null,
    course_deg: track.course_deg[n] ?? null,
    fixed_at: new Date(came_ms - age_ms).toISOString(),
    received_at: new Date(came_ms).toISOString(),
  };
}
