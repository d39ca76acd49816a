// What is looked at together, and the timeline.
import { expect, test } from 'vitest';
import { assignment, event, incident, position, unit } from '../../test/samples';
import { withEvents } from './timeline';
import { placesOf } from './urgency';

const at = (minute: number) => `2026-11-24T03:0${minute}:00Z`;

test('an incident is looked at together with the units that go there', () => {
  const units = new Map([['u1', unit('u1', { position: position(at(1), 23.5) })]]);
  const call = incident('i1', { assignments: [assignment('a'), assignment('b', { unit_id: 'u9' })] });
  expect(placesOf(call, units).map(({ lat }) => lat)).toEqual([23.48, 23.5]);
});

test('an event that both the record and the feed told is in the timeline once, in the order of recording', () => {
  const known = [event(1), event(4)];
  expect(withEvents(known, [event(4), event(3), event(5)]).map(({ id }) => id)).toEqual([1, 3, 4, 5]);
});
