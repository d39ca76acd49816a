// Asking the server for places: what a typed line may mean, and what is at a point.
import { request } from '../api/request';
import type { components } from '../api/schema';
import type { Place } from '../api/types';

export type FoundPlace = components['schemas']['PlaceView'];

const LIMIT = 8;
const items = (answer: { items: FoundPlace[] }) => answer.items;

/** What a typed line may mean; of names that many places bear, those near `near` go before. */
export function findPlaces(text: string, near: Place | null, limit = LIMIT): Promise<FoundPlace[]> {
  const there = near ? { near_lat: near.lat, near_lon: near.lon } : {};
  return request<{ items: FoundPlace[] }>('GET', '/places', { query: { q: text.slice(0, 200), limit, ...there } }).then(items);
}
export const placeAt = ({ lat, lon }: Place) =>
  request<{ items: FoundPlace[] }>('GET', '/places/at', { query: { lat, lon } }).then((answer) => items(answer)[0] ?? null);
