// Which alarms are shown where: SOS across the whole screen, warnings in a list.
import type { Alarm, Role } from '../api/types';

const newestFirst = (one: Alarm, other: Alarm) => Date.parse(other.raised_at) - Date.parse(one.raised_at);
const untouchedFirst = (one: Alarm, other: Alarm) => Number(!!one.acknowledged_at) - Number(!!other.acknowledged_at);

/** Alarms of the highest level: nobody heard of first, then the newest. */
export const emergencies = (alarms: Iterable<Alarm>): Alarm[] =>
  [...alarms]
    .filter(({ level }) => level === 'alarm')
    .sort((one, other) => untouchedFirst(one, other) || newestFirst(one, other));

/** Some warnings are for one role alone, and say so. */
const isFor = (alarm: Alarm, role: Role | undefined) => [undefined, role].includes(alarm.data['addressed_to'] as Role);

export const warnings = (alarms: Iterable<Alarm>, role: Role | undefined): Alarm[] =>
  [...alarms]
    .filter((alarm) => alarm.level === 'warning' && isFor(alarm, role))
    .sort((one, other) => untouchedFirst(one, other) || newestFirst(one, other));
