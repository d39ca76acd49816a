// Asking the server for places: what a typed line may mean, and what is at a point.
import { request } from '../api/request';
import type { components } from '../api/schema';
import type { Place } from '../api/types';

export type FoundPlace = components['schemas']['PlaceView'];

const LIMIT = 8;
const items = (answer: { items: FoundPlace[] }) => answer.items;

export const findPlaces = (text: string, limit = LIMIT) =>
  request<{ items: FoundPlace[] }>('GET', '/places', { query: { q: text.slice(0, 200), limit } }).then(items);
export const placeAt = ({ lat, lon }: Place) =>
  request<{ items: FoundPlace[] }>('GET', '/places/at', { query: { lat, lon } }).then((answer) => items(answer)[0] ?? null);
