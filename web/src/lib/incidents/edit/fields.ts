// What may be changed of an incident, as a form holds it: one value a field, the place as one, an empty text for none.
import type { components } from '../../api/schema';
import type { AccidentClass, Category, IncidentDetail } from '../../api/types';

export interface EditValues {
  category: Category;
  priority: number;
  accident_class: AccidentClass | null;
  /** WGS 84: lat, lon. */
  place: readonly [lat: number, lon: number];
  address: string;
  description: string;
  caller_name: string;
  caller_phone: string;
}
export type Field = keyof EditValues;
export type Change = components['schemas']['IncidentChange'];

export const FIELDS: readonly Field[] = [
  'category',
  'accident_class',
  'priority',
  'place',
  'address',
  'description',
  'caller_name',
  'caller_phone',
];

export function valuesOf(incident: IncidentDetail): EditValues {
  return {
    category: incident.category,
    priority: incident.priority,
    accident_class: incident.accident_class,
    place: [incident.lat ?? Number.NaN, incident.lon ?? Number.NaN],
    address: incident.address ?? '',
    description: incident.description ?? '',
    caller_name: incident.caller_name ?? '',
    caller_phone: incident.caller_phone ?? '',
  };
}

/** Blanks at the ends of a text are nobody's change. */
export function isSame(one: EditValues[Field], other: EditValues[Field]): boolean {
  const plain = (value: EditValues[Field]) => (typeof value === 'string' ? value.trim() : value);
  return JSON.stringify(plain(one)) === JSON.stringify(plain(other));
}

export const changedFields = (from: EditValues, to: EditValues): Field[] =>
  FIELDS.filter((field) => !isSame(from[field], to[field]));

/** What is sent: the fields that differ, nothing else, so that nothing is overwritten that nobody touched. */
export function toChange(from: EditValues, to: EditValues, version: number): Change {
  const change: Record<string, unknown> = { version };
  for (const field of changedFields(from, to)) {
    const value = to[field];
    if (field === 'place') [change['lat'], change['lon']] = to.place;
    else change[field] = typeof value === 'string' ? value.trim() || null : value;
  }
  return change as Change;
}
