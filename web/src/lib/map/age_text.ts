// How old a position is, in words for the map and the cards.
import { t } from '../text/language.svelte';
import { freshness } from './unit_marks';

const MINUTE_S = 60;
const HOUR_S = 3_600;

/** 40 秒前; 3 分前; 8 分前・過時; 2 小時前・過時. `seconds`: the age. */
export function ageText(seconds: number): string {
  if (freshness(seconds) === 'outdated') {
    return seconds < HOUR_S
      ? t('position_outdated', { minutes: Math.floor(seconds / MINUTE_S) })
      : t('position_outdated_hours', { hours: Math.floor(seconds / HOUR_S) });
  }
  if (seconds >= MINUTE_S) return t('position_minutes', { minutes: Math.floor(seconds / MINUTE_S) });
  return t('position_age', { seconds: Math.floor(seconds / 5) * 5 });
}
