// What the alarm of thin coverage says: how much is left, and where it is missing.
import type { Alarm, Place } from '../api/types';
import { t } from '../text/language.svelte';

interface ThinArea extends Place {
  place: string;
  station: string | null;
}

const NAMED = 3;

function thinAreas(alarm: Alarm): ThinArea[] {
  const found = alarm.data['thin'];
  return Array.isArray(found) ? (found as ThinArea[]) : [];
}

export const thinPlaces = (alarm: Alarm): Place[] => thinAreas(alarm);

export function thinText(alarm: Alarm): string {
  const places = thinAreas(alarm)
    .slice(0, NAMED)
    .map(({ place, station }) => (station ? `${place} (${station})` : place));
  return t('coverage_alarm', {
    minutes: Math.round(Number(alarm.data['limit_s']) / 60),
    percent: Math.round(Number(alarm.data['share']) * 100),
    places: places.join(' · '),
  });
}
