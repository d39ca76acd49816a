// The phone's own positions: watched, thinned to what is worth a message, in the words of the vehicle link.
import type { Fix } from '../backend';
import { distance_m } from '../places';

/** Parked so often; moving, and on a job, more often. */
const AT_REST_MS = 15_000;
const ON_A_JOB_MS = 3_000;
const MOVING_MS = 1_000;
const MOVED_M = 20;

/** Whether a position is worth a message after the last one that was. */
export function worth(fix: Fix, last: Fix | null, on_a_job: boolean): boolean {
  if (last === null) return true;
  const passed_ms = fix.time_ms - last.time_ms;
  if (passed_ms < 0) return true; // the clock was set back: nothing is known of how long ago the last one was
  if (passed_ms < MOVING_MS) return false;
  return passed_ms >= (on_a_job ? ON_A_JOB_MS : AT_REST_MS) || distance_m(fix, last) >= MOVED_M;
}

/** As the browser gives it; it says null or NaN for what it does not know. */
export function fixOf({ coords, timestamp }: GeolocationPosition): Fix {
  const known = (value: number | null) => (value !== null && Number.isFinite(value) && value >= 0 ? value : null);
  return {
    time_ms: Math.round(timestamp),
    lat: coords.latitude,
    lon: coords.longitude,
    accuracy_m: known(coords.accuracy),
    speed_mps: known(coords.speed),
    course_deg: known(coords.heading),
  };
}

/** Tells every position, and when there can be none; gives the function that stops. */
export function watchPosition(tell: (fix: Fix) => void, none: (code: 'position_denied' | 'no_fix' | null) => void): () => void {
  if (!('geolocation' in navigator)) {
    none('position_denied');
    return () => undefined;
  }
  const id = navigator.geolocation.watchPosition(
    (position) => {
      none(null);
      tell(fixOf(position));
    },
    (error) => none(error.code === error.PERMISSION_DENIED ? 'position_denied' : 'no_fix'),
    { enableHighAccuracy: true, maximumAge: 1_000, timeout: 30_000 },
  );
  return () => navigator.geolocation.clearWatch(id);
}
