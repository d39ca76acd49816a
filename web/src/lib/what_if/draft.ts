// A question while it is being put together: the bureau as it is, alternatives copied from it, and what goes out.
import { readPlace } from '../time/format';
import { PLAN_NAMES, recut, SHIFT_PLANS, type Count, type Shift, type ShiftPlan } from './shifts';
import type { AskedVariant, Base, Idle, Mode, Policy, Preset, Question, WhatIf } from './types';

/** Units of one station that are alike. The first row of a station carries its place. */
export interface Row {
  key: number;
  station_id: string | null;
  /** Empty only for a new station that has no name yet. */
  station: string;
  place: string;
  is_assumed: boolean;
  leads: boolean;
  capabilities: string[];
  counts: Count[];
}

export interface DraftVariant {
  key: number;
  name: string;
  policy: Policy;
  idle: Idle;
  demand_pct: number;
  preset: Preset;
  shifts: ShiftPlan;
  rows: Row[];
}

export interface Draft {
  name: string;
  source: 'past' | 'surface';
  first: string;
  last: string;
  mode: Mode;
  calls_per_day: number;
  days: number;
  replications: number;
  /** Empty: drawn by the server. */
  seed: string;
  variants: DraftVariant[];
}

const DAY_MS = 86_400_000;
const PERIOD_DAYS = 28;
const SERVER_POLICY: Policy = 'batch-reoptimised';
let lastKey = 0;
const newKey = () => (lastKey += 1);

const placeText = (lat: number | null, lon: number | null) => (lat === null || lon === null ? '' : `${lat}, ${lon}`);
const dayMs = (day: string) => Date.parse(`${day}T00:00:00Z`);
export const daysLater = (day: string, days: number) =>
  new Date(dayMs(day) + days * DAY_MS).toISOString().slice(0, 10);
/** First and last included. NaN where one of them is no day. */
export const dayCount = (first: string, last: string) => (dayMs(last) - dayMs(first)) / DAY_MS + 1;

export function baseVariant(base: Base, name: string): DraftVariant {
  const led = new Set<string>();
  const rows = base.stations.flatMap((station) =>
    base.units
      .filter((crews) => crews.station === station.name)
      .map((crews): Row => {
        const leads = !led.has(station.name);
        led.add(station.name);
        return {
          key: newKey(),
          station_id: station.station_id,
          station: station.name,
          place: placeText(station.lat, station.lon),
          is_assumed: station.is_assumed,
          leads,
          capabilities: [...crews.capabilities],
          counts: [{ cars: crews.cars, motorcycles: crews.motorcycles }],
        };
      }),
  );
  return {
    key: newKey(), name, policy: SERVER_POLICY, idle: 'home', demand_pct: 0, preset: 'none', shifts: 'always', rows,
  };
}

/** A question to begin with: the last four weeks of calls, or invented ones where there are too few. */
export function newDraft(base: Base, today: string, name: string, baseName: string, otherName: string): Draft {
  const last = base.last_day ?? today;
  const first = daysLater(last, 1 - PERIOD_DAYS);
  const own = baseVariant(base, baseName);
  return {
    name,
    source: base.calls >= base.limits.fewest_calls ? 'past' : 'surface',
    first: base.first_day !== null && base.first_day > first ? base.first_day : first,
    last,
    mode: 'resample',
    calls_per_day: 200,
    days: 7,
    replications: 10,
    seed: '',
    variants: [own, duplicate(own, otherName)],
  };
}

export function duplicate(variant: DraftVariant, name: string): DraftVariant {
  const copy = JSON.parse(JSON.stringify(variant)) as DraftVariant;
  for (const row of copy.rows) row.key = newKey();
  return { ...copy, key: newKey(), name };
}

export function cutInto(variant: DraftVariant, plan: ShiftPlan): void {
  variant.shifts = plan;
  for (const row of variant.rows) row.counts = recut(row.counts, plan);
}

export function addStation(variant: DraftVariant): void {
  variant.rows.push({
    key: newKey(),
    station_id: null,
    station: '',
    place: '',
    is_assumed: false,
    leads: true,
    capabilities: [],
    counts: SHIFT_PLANS[variant.shifts].map(() => ({ cars: 1, motorcycles: 0 })),
  });
}

/** All rows of the station that this row leads. */
export function closeStation(variant: DraftVariant, row: Row): void {
  variant.rows = variant.rows.filter((other) => other !== row && !(row.station && other.station === row.station));
}

export function unitCount(variant: DraftVariant): Count {
  const total = { cars: 0, motorcycles: 0 };
  for (const { counts } of variant.rows) {
    for (const { cars, motorcycles } of counts) {
      total.cars += cars;
      total.motorcycles += motorcycles;
    }
  }
  return total;
}

/** What the server is asked. Only of a draft without `wrongs`. */
export function questionOf(draft: Draft): Question {
  return {
    name: draft.name.trim(),
    seed: draft.seed.trim() ? Number(draft.seed) : null,
    replications: draft.replications,
    days: draft.source === 'past' && draft.mode === 'replay' ? dayCount(draft.first, draft.last) : draft.days,
    period:
      draft.source === 'past' ? { from: draft.first, to: daysLater(draft.last, 1), mode: draft.mode } : null,
    calls_per_day: draft.source === 'surface' ? draft.calls_per_day : null,
    variants: draft.variants.map((variant) => ({
      name: variant.name.trim(),
      policy: variant.policy,
      idle: variant.idle,
      preset: variant.preset,
      demand_scale: (100 + variant.demand_pct) / 100,
      stations: variant.rows
        .filter(({ leads }) => leads)
        .map((row) => {
          const place = readPlace(row.place);
          return {
            station_id: row.station_id,
            name: row.station.trim(),
            lat: place?.lat ?? null,
            lon: place?.lon ?? null,
          };
        }),
      units: variant.rows.flatMap((row) =>
        SHIFT_PLANS[variant.shifts].map((shift, index) => ({
          station: row.station.trim(),
          ...shift,
          cars: row.counts[index]?.cars ?? 0,
          motorcycles: row.counts[index]?.motorcycles ?? 0,
          capabilities: row.capabilities,
        })),
      ),
    })),
  };
}

const sameShift = (a: Shift, b: Shift) => a.starts === b.starts && a.ends === b.ends;

/** Which way of cutting the day these units were asked with; null where it is none of ours. */
function planOf(units: readonly Shift[]): ShiftPlan | null {
  const used = units.filter((crews, index) => units.findIndex((other) => sameShift(other, crews)) === index);
  return (
    PLAN_NAMES.find(
      (plan) =>
        SHIFT_PLANS[plan].length === used.length &&
        SHIFT_PLANS[plan].every((shift) => used.some((other) => sameShift(shift, other))),
    ) ?? null
  );
}

function rowsOf(variant: AskedVariant, plan: ShiftPlan): Row[] {
  return variant.stations.flatMap((station) => {
    const own = variant.units.filter((crews) => crews.station === station.name);
    const kinds = [...new Set(own.map(({ capabilities }) => capabilities.join('\n')))];
    return (kinds.length ? kinds : ['']).map((kind, index): Row => {
      const alike = own.filter(({ capabilities }) => capabilities.join('\n') === kind);
      return {
        key: newKey(),
        station_id: station.station_id,
        station: station.name,
        place: placeText(station.lat, station.lon),
        is_assumed: false,
        leads: index === 0,
        capabilities: kind ? kind.split('\n') : [],
        counts: SHIFT_PLANS[plan].map((shift) =>
          alike
            .filter((crews) => sameShift(shift, crews))
            .reduce(
              (sum, crews) => ({ cars: sum.cars + crews.cars, motorcycles: sum.motorcycles + crews.motorcycles }),
              { cars: 0, motorcycles: 0 },
            ),
        ),
      };
    });
  });
}

/** An earlier question as a draft, with a seed of its own to come. Shifts that this form has not are taken as all day. */
export function draftOf({ name, asked }: WhatIf): Draft {
  const period = asked.period;
  return {
    name,
    source: period ? 'past' : 'surface',
    first: period?.from ?? '',
    last: period ? daysLater(period.to, -1) : '',
    mode: period?.mode ?? 'resample',
    calls_per_day: asked.calls_per_day ?? 200,
    days: asked.days,
    replications: asked.replications,
    seed: '',
    variants: asked.variants.map((variant) => {
      const shifts = planOf(variant.units) ?? 'always';
      return {
        key: newKey(),
        name: variant.name,
        policy: variant.policy as Policy,
        idle: variant.idle,
        demand_pct: Math.round(variant.demand_scale * 100) - 100,
        preset: variant.preset,
        shifts,
        rows: rowsOf(variant, shifts),
      };
    }),
  };
}
