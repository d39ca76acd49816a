// Where an officer is: the newest of what the call for help said and what the car has said since.
import type { Alarm, Place, Unit } from '../api/types';

export interface Whereabouts extends Place {
  fixed_at: string | null;
  /** More than 100 m from where help was called: the words for that place no longer fit. */
  moved: boolean;
}

const MOVED_M = 100;
const METRES_PER_DEGREE = 111_320;

/** Metres, good to a per cent over a few kilometres. */
export function roughly_m(one: Place, other: Place): number {
  const east = (other.lon - one.lon) * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(other.lat - one.lat, east) * METRES_PER_DEGREE;
}

export function whereIs(alarm: Alarm, unit: Unit | undefined): Whereabouts | null {
  const called = alarm.lat !== null && alarm.lon !== null ? { lat: alarm.lat, lon: alarm.lon } : null;
  const told = typeof alarm.data['fixed_at'] === 'string' ? alarm.data['fixed_at'] : null;
  const now = unit?.position;
  if (now && (!called || !told || Date.parse(now.fixed_at) >= Date.parse(told))) {
    const moved = called !== null && roughly_m(called, now) > MOVED_M;
    return { lat: now.lat, lon: now.lon, fixed_at: now.fixed_at, moved };
  }
  return called && { ...called, fixed_at: told, moved: false };
}
