// Distances on the ground, and whether the car seems to have arrived. Metres; latitude and longitude in degrees.
import type { Fix, Order } from './backend';
import { isUnderWay } from './reading';

const EARTH_M = 6_371_008.8;
/** Within this of the place, and slower than this, "到達？" is proposed. Source: DESIGN's GPS arrival. */
const NEAR_M = 60;
const SLOW_MPS = 5 / 3.6;
/** A position vaguer than that proposes nothing. */
const VAGUE_M = 60;
/** What was proposed stays until the car is so much farther and faster: a speed about the limit must not flicker. */
const STAYS_M = 100;
const STAYS_MPS = 15 / 3.6;

interface Place {
  lat: number;
  lon: number;
}

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Along a great circle. */
export function distance_m(a: Place, b: Place): number {
  const north = radians(b.lat - a.lat);
  const east = radians(b.lon - a.lon);
  const h = Math.sin(north / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(east / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** A proposal, never a step: the crew taps, or the server's GPS witness counts. Unknown speed: a phone that stands.
 *  `before`: whether it was proposed already; a position that is lost on the scene takes nothing back. */
export function proposesArrival(order: Order, fix: Fix | null, before = false): boolean {
  if (!isUnderWay(order) || order.arrived) return false;
  if (!fix) return before;
  const slow = (fix.speed_mps ?? 0) < (before ? STAYS_MPS : SLOW_MPS);
  const exact = before || (fix.accuracy_m ?? 0) <= VAGUE_M;
  return slow && exact && distance_m(fix, order.incident) <= (before ? STAYS_M : NEAR_M);
}

/** How far it still is: along the route from its nearest point on, else straight; null without a position. */
export function remaining(order: Order, fix: Fix | null): { metres: number; straight: boolean } | null {
  if (!fix) return null;
  const straight_m = distance_m(fix, order.incident);
  const points = (order.route?.coordinates ?? []).map(([lon = 0, lat = 0]) => ({ lat, lon }));
  if (points.length < 2) return { metres: straight_m, straight: true };
  let nearest = { index: 0, metres: Infinity };
  points.forEach((point, index) => {
    const metres = distance_m(fix, point);
    if (metres < nearest.metres) nearest = { index, metres };
  });
  // Far off the route it says nothing of the way that is left.
  if (nearest.metres > 500) return { metres: straight_m, straight: true };
  const ahead = points.slice(nearest.index);
  const along_m = ahead.slice(1).reduce((sum, point, index) => sum + distance_m(ahead[index] ?? point, point), 0);
  return { metres: Math.max(straight_m, along_m + nearest.metres), straight: false };
}

/** How far it is for the crew, in the words of `t`: to 10 m, from a kilometre on to 100 m. */
export function distanceWord(metres: number): { key: 'car_metres' | 'car_kilometres'; value: string } {
  if (metres < 995) return { key: 'car_metres', value: String(Math.round(metres / 10) * 10) };
  return { key: 'car_kilometres', value: (metres / 1000).toFixed(1) };
}

/** Where a link leads to the way there. `geo`: this device opens it in an app of its own, from which its back key leads
 *  here. `web`: the page is in the officer's own browser; the car's own has one window and no way back. */
export interface Opens {
  geo: boolean;
  web: boolean;
}

export const opens = (userAgent: string, servedBy: string | undefined): Opens => ({
  geo: /Android/.test(userAgent),
  web: servedBy !== 'agent',
});

/** Nothing of the call but the place goes out. */
export function navigationLinks({ lat, lon }: Place, { geo, web }: Opens): { geo: string | null; web: string | null } {
  const at = `${lat.toFixed(6)},${lon.toFixed(6)}`;
  const there = encodeURIComponent(at);
  return {
    geo: geo ? `geo:${at}?q=${at}` : null,
    web: web ? `https://www.google.com/maps/dir/?api=1&travelmode=driving&destination=${there}` : null,
  };
}
