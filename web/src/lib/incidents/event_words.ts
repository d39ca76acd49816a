// What a line of the timeline says beside its kind: for which role, from where, where to, with what reason or words.
import type { TimelineEvent } from '../api/types';
import { live } from '../feed/live.svelte';
import { named, t } from '../text/language.svelte';
import type { TextKey } from '../text/texts';
import { endingTold, toldWhere } from './ending';
import { missingRoles } from './roles';

export function whatHappened(event: TimelineEvent): string {
  const ending = endingTold(event);
  return ending ? t(`event_unit_${ending}`) : named('event', event.kind);
}

const MEMBERS: Readonly<Record<string, TextKey>> = {
  category: 'category',
  priority: 'priority',
  lat: 'place',
  lon: 'place',
  address: 'address',
  description: 'what_is_told',
  caller_name: 'caller_name',
  caller_phone: 'caller_phone',
  accident_class: 'accident_class',
  received_at: 'received',
};

/** Which parts of an incident a change touched, with the new value where the log keeps it. */
function changes({ members, values }: TimelineEvent['data']): string {
  if (!Array.isArray(members)) return '';
  const kept = (typeof values === 'object' && values !== null ? values : {}) as Record<string, unknown>;
  const words = members.map((member: unknown) => {
    const name = String(member);
    const value = kept[name];
    const told = name === 'category' && typeof value === 'string' ? named('category', value) : value;
    const shown = ['category', 'priority', 'accident_class'].includes(name) && told != null ? ` → ${String(told)}` : '';
    const key = MEMBERS[name];
    return `${key ? t(key) : name}${shown}`;
  });
  return [...new Set(words)].join(t('comma'));
}

const alarmWords = (kind: string, reason: string) =>
  kind && [named('alarm', kind), reason && named('alarm_because', `${kind}_${reason}`)].filter(Boolean).join(t('comma'));

/** Kinds whose reasons have words of their own. */
const SAID_ELSEWHERE = new Set(['alarm_raised', 'standby_expired']);

/** All that is known of it beside who and when, for people. */
export function moreOf(event: TimelineEvent): string {
  const { data } = event;
  const told = (name: string) => (typeof data[name] === 'string' ? data[name] : '');
  const ending = endingTold(event);
  const from = told('diverted_from') && live.incidents.get(told('diverted_from'))?.number;
  return [
    told('role') && named('need', told('role')),
    from && t('diverted_from', { number: from }),
    ending === 'diverted' ? `→ ${toldWhere(event)?.number ?? ''}` : '',
    missingRoles(data),
    told('merged') && t('merged_in', { number: told('merged') }),
    told('into_number') && `→ ${told('into_number')}`,
    event.kind === 'incident_changed' ? changes(data) : '',
    told('ruling') && named('ruling', told('ruling')),
    told('disposition'),
    event.kind === 'alarm_raised' ? alarmWords(told('alarm'), told('reason')) : '',
    event.kind === 'standby_expired' ? named('standby_over', told('reason')) : '',
    ending || SAID_ELSEWHERE.has(event.kind) ? '' : told('reason') && named('step', told('reason')),
    told('note'),
    told('text'),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** So far may both clocks differ before it is worth a line: a message takes a moment, a link that was down longer. */
const CLOCKS_DIFFER_MS = 5_000;

/** The car's time beside the server's, where they differ by more than some seconds. */
export function bothClocks({ car_time, recorded_at }: TimelineEvent): { car: string; server: string } | null {
  if (!car_time || Math.abs(Date.parse(recorded_at) - Date.parse(car_time)) <= CLOCKS_DIFFER_MS) return null;
  return { car: car_time, server: recorded_at };
}
