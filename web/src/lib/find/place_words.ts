// How a found place is told in words: what it is, how exact, where about.
import { named, t } from '../text/language.svelte';
import type { FoundPlace } from './places';

/** What it is and where about: 地址 · 東門. */
export function whereabouts(place: FoundPlace): string {
  const what = place.sort ? named('sort', place.sort) : t(`found_${place.kind}`);
  return [what, place.area === place.label ? null : place.area].filter(Boolean).join(' · ');
}

/** What is not exact about it; empty where nothing is. */
export function caution(place: FoundPlace): string {
  const words = [];
  if (place.similar) words.push(t('found_similar'));
  if (place.precision === 'interpolated') words.push(t('found_interpolated', { near: place.near.join(' – ') }));
  else if (place.precision === 'nearest') words.push(t('found_nearest', { near: place.near.join(' – ') }));
  else if (place.precision === 'street' && place.kind === 'address') words.push(t('found_on_street'));
  return words.join(' · ');
}
