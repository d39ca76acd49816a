// What groups, months and years are called on the page of figures.
import { language, named, t } from '../text/language.svelte';
import { duration, percent } from '../time/format';
import { cell, NONE, type Cell } from './table';
import type { Asked } from './asked';
import type { Row } from './requests';

const MINGUO = 1911;
const two = (value: number) => String(value).padStart(2, '0');

/** 08–09 */
export const hourName = (hour: number) => `${two(hour)}–${two(hour + 1)}`;

/** The name of a group's key, as the API gives it. */
export function groupName(group_by: string, key: string): string {
  if (key === 'unknown' && group_by === 'cell') return t('group_no_place');
  if (key === 'unknown' && group_by !== 'late_reason' && group_by !== 'unit_type') return t('group_none');
  switch (group_by) {
    case 'precinct':
    case 'station':
    case 'day':
      return key;
    case 'month':
      return monthName(key);
    case 'hour':
      return hourName(Number(key));
    case 'weekday_hour': {
      const [weekday = '', hour = ''] = key.split('-');
      return `${named('weekday', weekday)} ${hourName(Number(hour))}`;
    }
    case 'cell':
      return t('figures_hexagon', { id: key.replace(/f+$/, '') });
    case 'shift':
      return named('shift', key);
    case 'priority':
      return named('priority', key);
    case 'category':
      return named('category', key);
    case 'unit_type':
      return named('unit_type', key);
    case 'weekday':
      return named('weekday', key);
    default:
      return named('late_reason', key);
  }
}

/** 115-11 in Chinese, where years are those of the Republic; 2026-11 else. */
export function monthName(month: string): string {
  return language.locale === 'zh-TW' ? `${Number(month.slice(0, 4)) - MINGUO}-${month.slice(5)}` : month;
}

/** 108, the first of the plan: there are no targets and no reports of a year before. */
export const FIRST_TARGET_YEAR = 2019;

/** 民國 115 年 / 2026 */
export const yearName = (year: number) => t('figures_year', { year: language.locale === 'zh-TW' ? year - MINGUO : year });

export const interval = (low: number | null, high: number | null) =>
  low === null || high === null ? '–' : `${percent(low)} – ${percent(high)}`;
export const shareCell = (share: number | null, opens?: Asked): Cell => cell(share, percent, opens);
/** A time; where most incidents were never reached, there is no such time. */
export const timeCell = (seconds: number | null): Cell => cell(seconds, duration);
/** The 90th percentile; where it falls on incidents that nobody reached it is above any time, and that is said. */
export const p90Text = ({ p90_s, measured }: Pick<Row, 'p90_s' | 'measured'>) =>
  p90_s !== null ? duration(p90_s) : measured > 0 ? t('kpi_p90_beyond') : NONE;
export const p90Cell = (row: Pick<Row, 'p90_s' | 'measured'>): Cell => ({ value: row.p90_s, shown: p90Text(row) });
export const whole = (n: number) => n.toLocaleString('en-US');
/** It opens what it counts, where that is anything. */
export const countCell = (n: number, opens?: Asked): Cell => cell(n, whole, n > 0 ? opens : undefined);
