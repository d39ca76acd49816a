// Which open incidents a new call may be about as well: by distance, by age, by category. Pure.
import type { Category, Incident, Place } from '../api/types';
import { whereOf } from '../incidents/where';

export interface Likely {
  incident: Incident;
  distance_m: number;
  age_s: number;
}

/** Beyond either limit a call is about something else: callers of one event ring within minutes of each other. */
const WITHIN_M = 600;
const WITHIN_S = 45 * 60;
/** What another category costs, as a share of a limit: callers call the same thing by different names. */
const OTHER_CATEGORY = 0.6;
const KIN_CATEGORY = 0.25;
/** Distance and age as shares of their limits, with the category's cost, have to stay below this together. */
const ENOUGH = 1.25;
const KIN: readonly (readonly Category[])[] = [
  ['traffic', 'traffic_accident'],
  ['criminal', 'public_order'],
  ['disaster', 'service'],
];
const EARTH_M = 6_371_000;

/** Metres over the sphere: 0.5 % off at the worst, and a phone is off by more. */
export function metresBetween(one: Place, other: Place): number {
  const radians = Math.PI / 180;
  const north = (other.lat - one.lat) * radians;
  const east = (other.lon - one.lon) * radians;
  const half =
    Math.sin(north / 2) ** 2 + Math.cos(one.lat * radians) * Math.cos(other.lat * radians) * Math.sin(east / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

function categoryCost(one: Category | null, other: Category): number {
  if (one === null || one === other || one === 'other' || other === 'other') return 0;
  return KIN.some((kin) => kin.includes(one) && kin.includes(other)) ? KIN_CATEGORY : OTHER_CATEGORY;
}

/** The likeliest first; `at_ms`: when the new call came in. */
export function likelySame(
  at: Place,
  category: Category | null,
  at_ms: number,
  incidents: Iterable<Incident>,
  limit = 3,
): Likely[] {
  const ranked: (Likely & { cost: number })[] = [];
  for (const incident of incidents) {
    const there = whereOf(incident);
    if (!there) continue;
    const distance_m = metresBetween(at, there);
    const age_s = Math.abs(at_ms - Date.parse(incident.received_at)) / 1000;
    if (distance_m > WITHIN_M || age_s > WITHIN_S) continue;
    const cost = distance_m / WITHIN_M + age_s / WITHIN_S + categoryCost(category, incident.category);
    if (cost <= ENOUGH) ranked.push({ incident, distance_m, age_s, cost });
  }
  ranked.sort((one, other) => one.cost - other.cost || (one.incident.number < other.incident.number ? -1 : 1));
  return ranked.slice(0, limit).map(({ incident, distance_m, age_s }) => ({ incident, distance_m, age_s }));
}
