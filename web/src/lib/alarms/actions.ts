// What can be done about each kind of alarm, the likeliest first. Each leaves a line in the log of who did it.
import { assign } from '../api/calls';
import type { Alarm } from '../api/types';
import { live } from '../feed/live.svelte';
import { openAssignments } from '../incidents/urgency';
import { whereOfAll } from '../incidents/where';
import { desk } from '../shell/desk.svelte';
import { coverageNow } from '../standby/coverage.svelte';
import { thinPlaces } from '../standby/thin';
import { t } from '../text/language.svelte';
import type { TextKey } from '../text/texts';
import * as calls from './calls';

export interface Action {
  label: string;
  run: () => Promise<unknown>;
}

const MORE_TIME: Readonly<Record<string, number>> = {
  no_acknowledgement: 1,
  stationary: 2,
  late: 2,
  link_lost: 3,
  no_check_in: 3,
  no_unit: 2,
  declined: 5,
  second_unit: 5,
  camera: 5,
  coverage: 15,
};

const numberOf = (alarm: Alarm) => alarm.incident_number ?? '';

/** Opens the call with its candidates. */
function candidates(alarm: Alarm, label: TextKey): Action | null {
  const { incident_id } = alarm;
  if (!incident_id) return null;
  const run = async () => {
    desk.openIncident(incident_id, ...whereOfAll(live.incidents.get(incident_id)));
    await calls.answered(alarm.id, 'send_another');
  };
  return { label: t(label), run };
}

function message(alarm: Alarm, text: TextKey, label: TextKey = 'alarm_do_message'): Action | null {
  const { unit_id } = alarm;
  if (!unit_id) return null;
  const run = async () => {
    await calls.message(unit_id, t(text, { number: numberOf(alarm) }));
    await calls.answered(alarm.id, 'message');
  };
  return { label: t(label), run };
}

/** The same unit again: a new order where nobody goes, else a word to answer. */
function callAgain(alarm: Alarm): Action | null {
  const { unit_id, incident_id } = alarm;
  const incident = incident_id ? live.incidents.get(incident_id) : undefined;
  if (!unit_id || !incident) return null;
  if (openAssignments(incident).length) return message(alarm, 'alarm_message_no_acknowledgement', 'alarm_do_ask_again');
  const run = async () => {
    await assign(incident.id, unit_id, { reason: t('alarm_reason_order_again'), replaces: null, divert: false });
    await calls.answered(alarm.id, 'order_again');
  };
  return { label: t('alarm_do_order_again'), run };
}

const radio = (alarm: Alarm): Action => ({
  label: t('alarm_do_radio'),
  run: () => calls.answered(alarm.id, 'radio'),
});

function moreTime(alarm: Alarm): Action | null {
  const minutes = MORE_TIME[alarm.kind];
  return minutes ? { label: t('alarm_do_more_time', { minutes }), run: () => calls.snooze(alarm.id, minutes) } : null;
}

function coverage(alarm: Alarm): Action {
  const run = () => {
    desk.view = 'map';
    coverageNow.show();
    desk.lookAt(...thinPlaces(alarm));
    return Promise.resolve();
  };
  return { label: t('show_on_map'), run };
}

function first(alarm: Alarm): (Action | null)[] {
  switch (alarm.kind) {
    case 'no_acknowledgement':
      return [callAgain(alarm), candidates(alarm, 'alarm_do_send_another')];
    case 'stationary':
      return [message(alarm, 'alarm_message_stationary'), candidates(alarm, 'alarm_do_send_another')];
    case 'link_lost':
      return [radio(alarm), candidates(alarm, 'alarm_do_send_another')];
    case 'no_check_in':
      return [radio(alarm), message(alarm, 'alarm_message_no_check_in'), candidates(alarm, 'alarm_do_send_help')];
    case 'camera':
      return [message(alarm, 'alarm_message_camera')];
    case 'declined':
      return [candidates(alarm, 'alarm_do_send_another')];
    case 'coverage':
      return [coverage(alarm)];
    default:
      return [candidates(alarm, 'alarm_do_candidates')];
  }
}

export const actionsOf = (alarm: Alarm): Action[] =>
  [...first(alarm), moreTime(alarm)].filter((action): action is Action => action !== null);
