// What an alarm says beside its name, in words.
import type { Alarm } from '../api/types';
import { missingRoles } from '../incidents/roles';
import { thinText } from '../standby/thin';
import { named, t } from '../text/language.svelte';
import { distance, span } from '../time/format';

const numberOf = (alarm: Alarm, name: string): number | null => {
  const value = alarm.data[name];
  return typeof value === 'number' ? value : null;
};

/** Why it was raised: the figures are those of that moment. */
function reason(alarm: Alarm): string {
  const code = alarm.data['reason'];
  if (typeof code !== 'string' || alarm.kind === 'declined') return typeof code === 'string' ? code : '';
  const for_s = numberOf(alarm, 'for_s');
  const away_m = numberOf(alarm, 'distance_m');
  return [
    named('alarm_because', `${alarm.kind}_${code}`),
    for_s === null ? '' : span(for_s),
    away_m === null ? '' : t('alarm_to_scene', { distance: distance(away_m) }),
  ]
    .filter(Boolean)
    .join(' · ');
}

export const told = (alarm: Alarm): string =>
  alarm.kind === 'coverage'
    ? thinText(alarm)
    : [alarm.unit_name, alarm.incident_number, missingRoles(alarm.data), reason(alarm)].filter(Boolean).join(' · ');
