// What the desk knows without asking: units by call sign, open incidents by number and address. Pure.
import type { Incident, Place, Unit } from '../api/types';
import type { FoundPlace } from './places';

export type Found =
  | { kind: 'unit'; unit: Unit }
  | { kind: 'incident'; incident: Incident }
  | { kind: 'place'; place: FoundPlace }
  | { kind: 'point'; at: Place };

const plain = (text: string) => text.normalize('NFKC').toLowerCase().replaceAll('臺', '台').replace(/\s+/g, '');

/** 3 whole, 2 at the beginning or the end, 1 inside, 0 not at all. */
function fit(text: string, piece: string): number {
  if (text === piece) return 3;
  if (text.startsWith(piece) || text.endsWith(piece)) return 2;
  return text.includes(piece) ? 1 : 0;
}

function best<T>(things: Iterable<T>, rank: (thing: T) => number, name: (thing: T) => string, limit: number): T[] {
  return [...things]
    .map((thing) => ({ thing, rank: rank(thing) }))
    .filter((one) => one.rank > 0)
    .sort((one, other) => other.rank - one.rank || name(one.thing).localeCompare(name(other.thing)))
    .slice(0, limit)
    .map(({ thing }) => thing);
}

export function unitsNamed(text: string, units: Iterable<Unit>, limit = 5): Unit[] {
  const piece = plain(text);
  if (!piece) return [];
  return best(units, ({ name }) => fit(plain(name), piece), ({ name }) => name, limit);
}

/** By number (20261125-0012, and 0012 or 12 of today's) or by address; a single digit is no number yet. */
export function incidentsNamed(text: string, incidents: Iterable<Incident>, limit = 5): Incident[] {
  const piece = plain(text).replace(/^#/, '');
  if (!piece) return [];
  const figures = /^\d{1,4}$/.test(piece) ? Number(piece) : null;
  const rank = ({ number, address }: Incident) => {
    const serial = number.split('-').at(-1);
    if (figures !== null && Number(serial) === figures) return 4;
    const byNumber = piece.length >= 4 ? fit(number, piece) : 0;
    return Math.max(byNumber, piece.length > 1 && address ? Math.min(fit(plain(address), piece), 2) : 0);
  };
  return best(incidents, rank, ({ number }) => number, limit);
}
