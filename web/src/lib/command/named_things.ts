// Which unit and which incident a typed word means: call signs by an unambiguous part, numbers by their last digits.
import type { Incident, Unit } from '../api/types';
import type { Which } from './table';

export type Found<T> = { one: T } | { many: readonly T[] } | { none: true };

const found = <T>(items: readonly T[]): Found<T> => {
  const [first] = items;
  if (!first) return { none: true };
  return items.length === 1 ? { one: first } : { many: items };
};

const folded = (name: string) => name.normalize('NFKC').replace(/\s/g, '').toLowerCase();
const lastNumber = (name: string) => /(\d+)\D*$/.exec(name)?.[1];

export const fits = (unit: Unit, which: Which): boolean =>
  which === 'any' ||
  (which === 'busy' ? unit.assignment !== null : unit.available === (which === 'on_patrol'));

/** The whole call sign goes before its number, its number before any other part. */
export function unitNamed(word: string, units: readonly Unit[]): Found<Unit> {
  const wanted = folded(word);
  if (!wanted) return { none: true };
  const named = units.map((unit) => ({ unit, name: folded(unit.name) }));
  const ways: ((name: string) => boolean)[] = [
    (name) => name === wanted,
    (name) => lastNumber(name) === wanted,
    (name) => name.endsWith(wanted),
    (name) => name.includes(wanted),
  ];
  for (const way of ways) {
    const matching = named.filter(({ name }) => way(name)).map(({ unit }) => unit);
    if (matching.length) return found(matching);
  }
  return { none: true };
}

const NUMBER = /^#?…?(\d*-)?(\d+)$/;

export const looksLikeNumber = (word: string): boolean => NUMBER.test(word);

/** `12` and `0012` are today's …-0012, else the only open one with that end; `1123-12` says the day too. */
export function incidentNumbered(word: string, incidents: readonly Incident[], today: string): Found<Incident> {
  const parts = NUMBER.exec(word);
  if (!parts?.[2]) return { none: true };
  const day = parts[1]?.slice(0, -1) ?? '';
  const serial = Number(parts[2]);
  const matching = incidents.filter(({ number }) => {
    const [of = '', end = ''] = number.split('-');
    return /^\d+$/.test(end) && Number(end) === serial && of.endsWith(day);
  });
  const todays = matching.filter(({ number }) => number.startsWith(`${today}-`));
  return found(!day && todays.length ? todays : matching);
}

/** As short as it is understood: `0012` of today, the whole number else. */
export function shortNumber(incident: Incident, today: string): string {
  return incident.number.startsWith(`${today}-`) ? incident.number.slice(today.length + 1) : incident.number;
}

/** …-0012, as screens have no room for the day again and again. */
export const endOfNumber = (number: string): string => number.replace(/^.*(?=-)/, '…');
