// The order of the list, the timeline, and which alarms go across the screen.
import { expect, test } from 'vitest';
import { alarm, assignment, event, incident, position, unit } from '../../test/samples';
import { emergencies, warnings } from '../alarms/raised';
import { withEvents } from './timeline';
import { byUrgency, placesOf } from './urgency';

const at = (minute: number) => `2026-11-24T03:0${minute}:00Z`;

test('priority comes first, then who has nobody, then who waits longest; reached ones come last', () => {
  const calls = [
    incident('reached', { priority: 1, on_scene_at: at(5) }),
    incident('low', { priority: 4 }),
    incident('served', { priority: 2, assignments: [assignment('a')] }),
    incident('young', { priority: 2, received_at: at(6) }),
    incident('old', { priority: 2, received_at: at(2) }),
    incident('top', { priority: 1, assignments: [assignment('b')] }),
    incident('left alone', { priority: 2, received_at: at(1), assignments: [assignment('c', { ended_at: at(2) })] }),
  ];
  expect(calls.sort(byUrgency).map(({ id }) => id)).toEqual([
    'top',
    'left alone',
    'old',
    'young',
    'served',
    'low',
    'reached',
  ]);
});

test('an incident is looked at together with the units that go there', () => {
  const units = new Map([['u1', unit('u1', { position: position(at(1), 23.5) })]]);
  const call = incident('i1', { assignments: [assignment('a'), assignment('b', { unit_id: 'u9' })] });
  expect(placesOf(call, units).map(({ lat }) => lat)).toEqual([23.48, 23.5]);
});

test('an event that both the record and the feed told is in the timeline once, in the order of recording', () => {
  const known = [event(1), event(4)];
  expect(withEvents(known, [event(4), event(3), event(5)]).map(({ id }) => id)).toEqual([1, 3, 4, 5]);
});

test('alarms that nobody answered come first, the newest on top; warnings are kept apart, and each is for those whom it concerns', () => {
  const raised = [
    alarm('answered', { acknowledged_at: at(1) }),
    alarm('older', { raised_at: at(1) }),
    alarm('newer', { raised_at: at(3) }),
    alarm('warning', { level: 'warning', kind: 'no_unit' }),
    alarm('thin', { level: 'warning', kind: 'coverage', raised_at: at(2), data: { addressed_to: 'supervisor' } }),
  ];
  expect(emergencies(raised).map(({ id }) => id)).toEqual(['newer', 'older', 'answered']);
  expect(warnings(raised, 'dispatcher').map(({ id }) => id)).toEqual(['warning']);
  expect(warnings(raised, 'supervisor').map(({ id }) => id)).toEqual(['thin', 'warning']);
});
