// A call that is being entered, as data: what it proposes, what it lacks, what it sends, how it is kept.
import type { AccidentClass, Category, NewIncident } from '../api/types';

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
  address: string;
  description: string;
  caller_name: string;
  caller_phone: string;
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
    address: '',
    description: '',
    caller_name: '',
    caller_phone: '',
  };
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
  };
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

const MEMBER_FIELDS: Readonly<Record<string, string>> = { lat: 'place', lon: 'place' };

/** The field of the form that a member of the request is typed in: `body.lat` and `lon` are both the place. */
export function fieldOf(member: string): string {
  const name = member.split('.').at(-1) ?? member;
  return MEMBER_FIELDS[name] ?? name;
}
