// A call that is being entered, as data: what it proposes, what it lacks, what it sends, how it is kept.
import type { AccidentClass, Category, IncidentDetail, NewIncident } from '../api/types';

/** What was written down while the caller spoke, and when. */
export interface DraftNote {
  at: string;
  text: string;
}

export interface CallDraft {
  /** One per form; sent with every try, so that a retry can't enter the call twice. */
  key: string;
  /** When the form was opened: the caller's clock runs from here. RFC 3339. */
  received_at: string;
  category: Category | null;
  priority: number | null;
  /** The dispatcher chose the priority: the category no longer proposes one. */
  priorityChosen: boolean;
  accident_class: AccidentClass | null;
  lat: number | null;
  lon: number | null;
  /** The place as it was typed, or as the one chosen is called; empty where it was clicked. */
  place_text: string;
  address: string;
  /** The dispatcher wrote the address: the place no longer proposes one. */
  addressTyped: boolean;
  description: string;
  caller_name: string;
  caller_phone: string;
  /** The open incident that this call is about as well. */
  same_as: string | null;
  notes: DraftNote[];
  /** The note that is being typed. */
  note_text: string;
  /** Where the notes belong once the call was entered; while this stands, only notes are left to be kept. */
  saved_as: string | null;
}

export const CATEGORIES: readonly Category[] = [
  'criminal',
  'public_order',
  'traffic_accident',
  'traffic',
  'disaster',
  'service',
  'other',
];
export const PRIORITIES = [1, 2, 3, 4] as const;
export const ACCIDENT_CLASSES: readonly AccidentClass[] = ['A1', 'A2', 'A3'];

const PROPOSED: Readonly<Record<Category, number>> = {
  criminal: 2,
  public_order: 3,
  traffic_accident: 2,
  traffic: 3,
  disaster: 1,
  service: 4,
  other: 3,
};
const PROPOSED_FOR_ACCIDENT: Readonly<Record<AccidentClass, number>> = { A1: 1, A2: 2, A3: 3 };

export function emptyDraft(key: string, received_at: string): CallDraft {
  return {
    key,
    received_at,
    category: null,
    priority: null,
    priorityChosen: false,
    accident_class: null,
    lat: null,
    lon: null,
    place_text: '',
    address: '',
    addressTyped: false,
    description: '',
    caller_name: '',
    caller_phone: '',
    same_as: null,
    notes: [],
    note_text: '',
    saved_as: null,
  };
}

/** An empty form that nobody looked at for so long was opened by a slip; the next call's clock must not run from it. */
const EMPTY_KEPT_MS = 120_000;

/** Whether something was entered. */
export function isTouched(draft: CallDraft): boolean {
  const blank: CallDraft = emptyDraft(draft.key, draft.received_at);
  return JSON.stringify(draft) !== JSON.stringify(blank);
}

/** Whether the clock of this draft is the one that the next look at the form goes on with. */
export function goesOn(draft: CallDraft, closed_ms: number | null, now_ms: number): boolean {
  return isTouched(draft) || closed_ms === null || now_ms - closed_ms < EMPTY_KEPT_MS;
}

/** The priority that a category, and for an accident its class, suggests. */
export function proposedPriority(draft: Pick<CallDraft, 'category' | 'accident_class'>): number | null {
  if (draft.category === null) return null;
  if (draft.category === 'traffic_accident' && draft.accident_class) return PROPOSED_FOR_ACCIDENT[draft.accident_class];
  return PROPOSED[draft.category];
}

export type Member = 'category' | 'priority' | 'place' | 'accident_class';

/** What is still missing before the call can be sent, in the order of the form. */
export function missing(draft: CallDraft): Member[] {
  const found: Member[] = [];
  if (draft.lat === null || draft.lon === null) found.push('place');
  if (draft.category === null) found.push('category');
  if (draft.category === 'traffic_accident' && draft.accident_class === null) found.push('accident_class');
  if (draft.priority === null) found.push('priority');
  return found;
}

const orNull = (text: string) => text.trim() || null;

/** The request; throws where something is missing (ask `missing` first). */
export function toCall(draft: CallDraft, confirm_outside: boolean): NewIncident {
  const { category, priority, lat, lon } = draft;
  if (category === null || priority === null || lat === null || lon === null) throw new Error('the draft is incomplete');
  return {
    category,
    priority,
    lat,
    lon,
    confirm_outside,
    received_at: draft.received_at,
    address: orNull(draft.address),
    description: orNull(draft.description),
    caller_name: orNull(draft.caller_name),
    caller_phone: orNull(draft.caller_phone),
    accident_class: category === 'traffic_accident' ? draft.accident_class : null,
    same_as: draft.same_as,
  };
}

const AMENDABLE = [
  'category',
  'priority',
  'accident_class',
  'lat',
  'lon',
  'address',
  'description',
  'caller_name',
  'caller_phone',
] as const;

/** What the entered call still lacks: a try whose answer was lost may have entered it as it stood then. */
export function amendments(sent: NewIncident, made: IncidentDetail): Partial<NewIncident> {
  const differing = AMENDABLE.filter((name) => (sent[name] ?? null) !== (made[name] ?? null));
  return Object.fromEntries(differing.map((name) => [name, sent[name] ?? null]));
}

/** Reads a kept draft; null where it is none, or from another version of this page. */
export function readDraft(text: string | null): CallDraft | null {
  if (!text) return null;
  try {
    const kept = JSON.parse(text) as Partial<CallDraft>;
    const blank = emptyDraft('', '');
    const known = Object.keys(blank).every((name) => name in kept);
    return known && kept.key && kept.received_at ? { ...blank, ...kept } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const MEMBER_FIELDS: Readonly<Record<string, string>> = { lat: 'place', lon: 'place', same_as: 'same' };

/** The field of the form that a member of the request is typed in: `body.lat` and `lon` are both the place. */
export function fieldOf(member: string): string {
  const name = member.split('.').at(-1) ?? member;
  return MEMBER_FIELDS[name] ?? name;
}
