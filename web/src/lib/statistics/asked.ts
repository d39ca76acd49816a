// What the page of figures is asked for: period, clock, filters, what is looked at. Its address holds all of it, so that
// a link, "back" and a reload show the same. Pure.
import { daysOf, daysOfMonth, type Days } from './period';

export const TABS = ['overview', 'time', 'map', 'ledger', 'reviews', 'reports', 'etas'] as const;
export type Tab = (typeof TABS)[number];
export const CLOCKS = ['received', 'dispatched'] as const;
export const FIGURES = ['reviewed', 'recorded'] as const;
export const GROUPS = ['precinct', 'station', 'shift', 'priority', 'category', 'unit_type', 'weekday', 'hour', 'day', 'month'] as const;
export type Group = (typeof GROUPS)[number];
export const MEASURES = ['share', 'p90'] as const;
export type Measure = (typeof MEASURES)[number];
/** `measured`: within or late. */
export const OUTCOMES = ['within', 'late', 'measured', 'excluded'] as const;
export const REASONS = ['cancelled', 'duplicate', 'officer_initiated', 'scheduled', 'test', 'pending', 'no_start'] as const;
export const MARKS = ['far_from_scene', 'before_gps_arrival', 'gps_gap', 'inferred', 'corrected', 'reviewed', 'cancelled_late'] as const;
export const PARTS = ['handling', 'dispatch', 'turnout', 'travel'] as const;
export const NEAREST = ['in_time', 'not_known'] as const;
export const REVIEWS = ['open', 'done'] as const;
export const ETA_GROUPS = ['hour', 'street_class', 'unit_type', 'version'] as const;
export type EtaGroup = (typeof ETA_GROUPS)[number];
export const SORTS = ['newest', 'slowest'] as const;
export const LATE_REASONS = [
  'no_unit_free',
  'late_entry',
  'late_dispatch',
  'late_acknowledgement',
  'turnout',
  'travel_longer_than_eta',
  'too_far',
  'place_wrong',
  'stopped_on_the_way',
  'nobody_came',
  'unknown',
  'still_open',
  'none',
] as const;

const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => String(first + n));
/** What each filter may be; null: any name. */
export const FILTERS = {
  precinct: null,
  station: null,
  shift: ['night', 'day', 'evening'],
  priority: upTo(1, 4),
  category: ['criminal', 'public_order', 'traffic', 'traffic_accident', 'disaster', 'service', 'other'],
  unit_type: ['car', 'motorcycle', 'other', 'unknown'],
  hour: upTo(0, 23),
  weekday: upTo(1, 7),
  cell: null,
  late_reason: LATE_REASONS,
} as const satisfies Record<string, readonly string[] | null>;
export type Filter = keyof typeof FILTERS;
export const FILTER_NAMES = Object.keys(FILTERS) as Filter[];

/** Which rows of the ledger, or of another list. Seconds: longer than `over_s`, up to `up_to_s`. */
export interface Pick {
  readonly outcome?: (typeof OUTCOMES)[number];
  readonly reason?: (typeof REASONS)[number];
  readonly mark?: (typeof MARKS)[number];
  readonly sort?: (typeof SORTS)[number];
  readonly reached?: 'yes' | 'no';
  /** Has it another figure since a review. */
  readonly changed?: 'yes' | 'no';
  readonly over_s?: string;
  readonly up_to_s?: string;
  /** Reached, and it is known how long this part took. */
  readonly part?: (typeof PARTS)[number];
  /** Had the nearest free unit gone at once. */
  readonly nearest?: (typeof NEAREST)[number];
  /** Of the ETAs: which count of which group, "n.hour.08"; "n" alone: of all. */
  readonly eta?: string;
  /** Of the reviews: those that wait where nothing is said. */
  readonly review?: (typeof REVIEWS)[number];
}

export interface Asked {
  readonly tab: Tab;
  readonly days: Days;
  readonly clock: (typeof CLOCKS)[number];
  readonly figures: (typeof FIGURES)[number];
  readonly filters: Partial<Record<Filter, readonly string[]>>;
  readonly group: Group;
  readonly measure: Measure;
  /** What ETAs are compared by. */
  readonly eta_group: EtaGroup;
  readonly pick: Pick;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const NAME_LENGTH = 200;
/** Before it nothing was ever counted; a year that is half typed is. */
export const FIRST_DAY = '2000-01-01';
export const isDay = (text: string | null): text is string => text !== null && DAY.test(text) && text >= FIRST_DAY && !Number.isNaN(Date.parse(text));

function oneOf<T extends string>(all: readonly T[], text: string | null): T | undefined {
  return all.find((one) => one === text);
}

/** What an address asks for; what it does not say, or says wrongly, is as on a page that is opened fresh. */
export function askedOf(argument: string, now_ms: number): Asked {
  const told = new URLSearchParams(argument);
  const fresh = daysOf('days30', now_ms);
  const [first, last] = [told.get('first'), told.get('last')];
  const filters: Partial<Record<Filter, readonly string[]>> = {};
  for (const name of FILTER_NAMES) {
    const known: readonly string[] | null = FILTERS[name];
    const values = told.getAll(name).filter((one) => (known ? known.includes(one) : one !== '' && one.length <= NAME_LENGTH));
    if (values.length) filters[name] = [...new Set(values)];
  }
  const pick = pickOf(told);
  return {
    tab: oneOf(TABS, told.get('tab')) ?? 'overview',
    days: isDay(first) && isDay(last) ? { first, last } : fresh,
    clock: oneOf(CLOCKS, told.get('clock')) ?? 'received',
    figures: oneOf(FIGURES, told.get('figures')) ?? 'reviewed',
    filters,
    group: oneOf(GROUPS, told.get('group')) ?? 'station',
    measure: oneOf(MEASURES, told.get('measure')) ?? 'share',
    eta_group: oneOf(ETA_GROUPS, told.get('eta_group')) ?? groupBehind(pick),
    pick,
  };
}

/** Whoever follows a link to the journeys of a group sees the groups that it is one of. */
const groupBehind = ({ eta }: Pick): EtaGroup => oneOf(ETA_GROUPS, eta?.split('.')[1] ?? null) ?? 'hour';

function pickOf(told: URLSearchParams): Pick {
  const seconds = (name: string) => (/^\d{1,6}$/.test(told.get(name) ?? '') ? (told.get(name) ?? undefined) : undefined);
  const found = {
    outcome: oneOf(OUTCOMES, told.get('outcome')),
    reason: oneOf(REASONS, told.get('reason')),
    mark: oneOf(MARKS, told.get('mark')),
    sort: oneOf(SORTS, told.get('sort')),
    reached: oneOf(['yes', 'no'] as const, told.get('reached')),
    changed: oneOf(['yes', 'no'] as const, told.get('changed')),
    over_s: seconds('over_s'),
    up_to_s: seconds('up_to_s'),
    part: oneOf(PARTS, told.get('part')),
    nearest: oneOf(NEAREST, told.get('nearest')),
    eta: /^(n|from_order_n)(\.(hour|street_class|unit_type|version)\.\w{1,40})?$/.exec(told.get('eta') ?? '')?.[0],
    review: oneOf(REVIEWS, told.get('review')),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** As the address holds it: the days always, so that the same link shows the same tomorrow; the rest where it is said. */
export function argumentOf(asked: Asked): string {
  const { tab, days, clock, figures, group, measure } = asked;
  const said = new URLSearchParams({ tab, first: days.first, last: days.last });
  const unless = (name: string, value: string, usual: string) => value !== usual && said.set(name, value);
  unless('clock', clock, 'received');
  unless('figures', figures, 'reviewed');
  unless('group', group, 'station');
  unless('measure', measure, 'share');
  unless('eta_group', asked.eta_group, groupBehind(asked.pick));
  addFilters(said, asked.filters);
  for (const [name, value] of Object.entries(asked.pick)) said.set(name, String(value));
  return said.toString();
}

export function addFilters(said: URLSearchParams, filters: Asked['filters']): void {
  for (const name of FILTER_NAMES) for (const value of filters[name] ?? []) said.append(name, value);
}

/** With another choice of one filter; none: without it. */
export function filtered(asked: Asked, name: Filter, values: readonly string[]): Asked {
  const others = Object.entries(asked.filters).filter(([other]) => other !== name);
  return { ...asked, filters: Object.fromEntries(values.length ? [...others, [name, values]] : others) };
}

/** The ledger of what is asked for, by outcome or the like. */
export const ledgerOf = (asked: Asked, pick: Pick = {}): Asked => ({ ...asked, tab: 'ledger', pick });

/** What a group of a figure counts. Groups of time narrow the period, the others are filters. */
export function narrowed(asked: Asked, group: string, key: string): Asked {
  if (group === 'day') return { ...asked, days: { first: key, last: key } };
  if (group === 'month') {
    const { first, last } = daysOfMonth(key);
    const within = { first: first > asked.days.first ? first : asked.days.first, last: last < asked.days.last ? last : asked.days.last };
    return { ...asked, days: within };
  }
  if (group === 'weekday_hour') {
    const [weekday = '', hour = ''] = key.split('-');
    return filtered(filtered(asked, 'weekday', [weekday]), 'hour', [String(Number(hour))]);
  }
  const name = FILTER_NAMES.find((one) => one === group);
  return name ? filtered(asked, name, [name === 'hour' ? String(Number(key)) : key]) : asked;
}
