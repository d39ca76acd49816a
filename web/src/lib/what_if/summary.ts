// A variant in a few words: what it changes of the base, or what it is.
import { t } from '../text/language.svelte';
import { unitCount, type DraftVariant } from './draft';
import { SHIFT_PLANS } from './shifts';
import { named } from '../text/language.svelte';
import type { AskedVariant } from './types';

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value)}`;

/** Units on duty on average, so that a day cut into shifts compares with one that is not. */
function onDuty(variant: DraftVariant): { cars: number; motorcycles: number } {
  const { cars, motorcycles } = unitCount(variant);
  const shifts = SHIFT_PLANS[variant.shifts].length;
  const per = (value: number) => Math.round((value / shifts) * 10) / 10;
  return { cars: per(cars), motorcycles: per(motorcycles) };
}

export function changesOf(variant: DraftVariant, base: DraftVariant | undefined): string {
  if (!base) return '';
  const [now, before] = [onDuty(variant), onDuty(base)];
  const parts: string[] = [];
  const cars = Math.round((now.cars - before.cars) * 10) / 10;
  const motorcycles = Math.round((now.motorcycles - before.motorcycles) * 10) / 10;
  if (cars) parts.push(t('what_if_change_cars', { count: signed(cars) }));
  if (motorcycles) parts.push(t('what_if_change_motorcycles', { count: signed(motorcycles) }));
  if (variant.policy !== base.policy) parts.push(named('what_if_policy', variant.policy));
  if (variant.idle !== base.idle) parts.push(t(`what_if_idle_${variant.idle}`));
  if (variant.demand_pct !== base.demand_pct) parts.push(t('what_if_change_demand', { percent: signed(variant.demand_pct) }));
  if (variant.preset !== base.preset) parts.push(t(`what_if_preset_${variant.preset}`));
  if (!parts.length && JSON.stringify(layout(variant)) !== JSON.stringify(layout(base))) {
    parts.push(t('what_if_change_stations'));
  }
  return parts.join(' · ') || t('what_if_change_nothing');
}

const layout = ({ rows, shifts }: DraftVariant) => ({
  shifts,
  rows: rows.map(({ station, place, capabilities, counts }) => ({ station, place, capabilities, counts })),
});

/** For the head of a column of the result. */
export function partsOf(variant: AskedVariant): string[] {
  const cars = variant.units.reduce((sum, crews) => sum + crews.cars, 0);
  const motorcycles = variant.units.reduce((sum, crews) => sum + crews.motorcycles, 0);
  const inShifts = variant.units.some(({ starts }) => starts !== null);
  return [
    t(inShifts ? 'what_if_units_in_shifts' : 'what_if_units', { cars, motorcycles, stations: variant.stations.length }),
    named('what_if_policy', variant.policy),
    t(`what_if_idle_${variant.idle}`),
    ...(variant.demand_scale === 1
      ? []
      : [t('what_if_change_demand', { percent: signed(Math.round(variant.demand_scale * 100) - 100) })]),
    ...(variant.preset === 'none' ? [] : [t(`what_if_preset_${variant.preset}`)]),
  ];
}
