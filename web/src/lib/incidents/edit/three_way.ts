// Two desks change one incident: what each did to every field since both saw the same, and what is left to decide.
// Nothing is decided here that a person would have to: only what one alone touched is taken over.
import type { TimelineEvent } from '../../api/types';
import { FIELDS, isSame, type EditValues, type Field } from './fields';

export interface Author {
  name: string | null;
  /** When it was recorded; ISO 8601. */
  at: string | null;
}
/** A field that another desk changed while this one had it open. */
export interface Theirs {
  field: Field;
  before: EditValues[Field];
  after: EditValues[Field];
  author: Author;
}
export interface Merge {
  /** What both desks agree on now; of a field in conflict, what both saw last. */
  base: EditValues;
  mine: EditValues;
  /** Taken over, as this desk had not touched them. */
  taken: Theirs[];
  /** Both changed them, and not to the same. */
  conflicts: Theirs[];
}

const put = <F extends Field>(values: EditValues, field: F, from: EditValues): void => {
  values[field] = from[field];
};

/** What becomes of the form when the incident is now `theirs`. */
export function merge(base: EditValues, mine: EditValues, theirs: EditValues, events: readonly TimelineEvent[]): Merge {
  const merged: Merge = { base: { ...base }, mine: { ...mine }, taken: [], conflicts: [] };
  for (const field of FIELDS) {
    if (isSame(base[field], theirs[field])) continue;
    const told: Theirs = { field, before: base[field], after: theirs[field], author: authorOf(field, events) };
    if (isSame(mine[field], base[field])) {
      put(merged.mine, field, theirs);
      merged.taken.push(told);
    } else if (!isSame(mine[field], theirs[field])) {
      merged.conflicts.push(told);
      continue;
    }
    put(merged.base, field, theirs);
  }
  return merged;
}

/** One field in conflict is decided: it now differs from theirs on purpose, or is theirs. */
export function decide(form: Pick<Merge, 'base' | 'mine'>, field: Field, theirs: EditValues, keep: 'mine' | 'theirs') {
  const decided = { base: { ...form.base }, mine: { ...form.mine } };
  put(decided.base, field, theirs);
  if (keep === 'theirs') put(decided.mine, field, theirs);
  return decided;
}

const MEMBERS: Partial<Record<Field, readonly string[]>> = { place: ['lat', 'lon'] };

/** Who changed this field last, as the timeline tells. */
export function authorOf(field: Field, events: readonly TimelineEvent[]): Author {
  const members = MEMBERS[field] ?? [field];
  const touches = ({ kind, data }: TimelineEvent) =>
    kind === 'incident_changed' && Array.isArray(data['members']) && data['members'].some((one) => members.includes(String(one)));
  const last = events.filter(touches).sort((one, other) => one.id - other.id).at(-1);
  return { name: last?.actor ?? null, at: last?.recorded_at ?? null };
}
