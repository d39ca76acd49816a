// Which alarms are shown where, in which order, and what they sound like: pure, the time comes in.
import type { Alarm, Incident, Role, Unit } from '../api/types';
import type { Sound } from './patterns';

export type Level = Alarm['level'];
export const LEVELS: readonly Level[] = ['alarm', 'warning', 'notice'];
export const SIGNS: Record<Level, string> = { alarm: '‼', warning: '⚠', notice: 'ⓘ' };

const at = (alarm: Alarm) => Date.parse(alarm.raised_at);

/** Put off, and quiet still. */
export const isPutOff = (alarm: Alarm, now_ms: number) =>
  alarm.snoozed_until !== null && Date.parse(alarm.snoozed_until) > now_ms;

/** Somebody has heard it. What was put off counts as unheard when its time is over. */
export const isHeard = (alarm: Alarm, now_ms: number) =>
  alarm.acknowledged_at !== null && (alarm.snoozed_until === null || isPutOff(alarm, now_ms));

/** Some warnings are for one role alone, and say so. */
export const isFor = (alarm: Alarm, role: Role | undefined) => [undefined, role].includes(alarm.data['addressed_to'] as Role);

/** Officers who need help: nobody heard of first, then the newest. */
export const emergencies = (alarms: Iterable<Alarm>): Alarm[] =>
  [...alarms]
    .filter(({ kind }) => kind === 'sos')
    .sort((one, other) => Number(!!one.acknowledged_at) - Number(!!other.acknowledged_at) || at(other) - at(one));

/** All others that this role answers: by grade, what was put off last, then the one that stands longest. */
export function others(alarms: Iterable<Alarm>, role: Role | undefined, now_ms: number): Alarm[] {
  const grade = (alarm: Alarm) => LEVELS.indexOf(alarm.level) + (isPutOff(alarm, now_ms) ? LEVELS.length : 0);
  return [...alarms]
    .filter((alarm) => alarm.kind !== 'sos' && isFor(alarm, role))
    .sort((one, other) => grade(one) - grade(other) || at(one) - at(other));
}

/** The one that the key leads to: unheard before heard, an SOS before all, then the newest. */
export function newest(alarms: Iterable<Alarm>, role: Role | undefined, now_ms: number): Alarm | undefined {
  const unheard = (alarm: Alarm) => Number(isHeard(alarm, now_ms));
  const sos = (alarm: Alarm) => Number(alarm.kind !== 'sos');
  return [...alarms]
    .filter((alarm) => isFor(alarm, role) && !isPutOff(alarm, now_ms))
    .sort((one, other) => unheard(one) - unheard(other) || sos(one) - sos(other) || at(other) - at(one))[0];
}

/** What sounds until somebody acknowledges. */
export const soundsOf = (alarms: Iterable<Alarm>, role: Role | undefined, now_ms: number): Sound[] =>
  [...alarms]
    .filter((alarm) => isFor(alarm, role) && !isHeard(alarm, now_ms) && alarm.level !== 'notice')
    .map((alarm) => (alarm.kind === 'sos' ? 'sos' : alarm.level));

/** Calls that nobody has opened yet. */
export const unseen = (incidents: Iterable<Incident>): Incident[] =>
  [...incidents].filter((incident) => incident.seen_at === null);

/** Units on a priority 1 call that have no camera at all: said, no alarm. */
export function withoutCamera(units: Iterable<Unit>, incidents: ReadonlyMap<string, Incident>): Unit[] {
  return [...units].filter(({ assignment, cameras }) => {
    if (!assignment || cameras.length || !['en_route', 'on_scene'].includes(assignment.state)) return false;
    return incidents.get(assignment.incident_id)?.priority === 1;
  });
}
