// What the desk says of a unit that was sent elsewhere, or stood down.
import { expect, test } from 'vitest';
import { assignment, event } from '../../test/samples';
import { endingOf, endingTold, wentTo } from './ending';

const ended = (change: object) => assignment('a1', { state: 'reassigned', ended_at: '2026-11-24T03:05:00Z', ...change });
const told = (data: Record<string, unknown>) =>
  event(7, { kind: 'assignment_ended', assignment_id: 'a1', data: { state: 'reassigned', ...data } });

test('a diversion says where the unit went, by the number in the log', () => {
  const events = [event(3), told({ reason: 'diverted', diverted_to: 'i9', diverted_to_number: '20261125-0009' })];
  expect(endingOf(ended({ end_reason: 'diverted' }))).toBe('diverted');
  expect(wentTo(ended({ end_reason: 'diverted' }), events)).toEqual({ id: 'i9', number: '20261125-0009' });
  expect(wentTo(assignment('a2'), events)).toBeNull();
});

test('a faster unit in its place is a replacement; what a dispatcher wrote is nobody else\'s word', () => {
  expect(endingOf(ended({ end_reason: 'replaced' }))).toBe('replaced');
  expect(endingTold(told({ reason: 'replaced' }))).toBe('replaced');
  expect(endingOf(ended({ end_reason: 'toString' }))).toBeNull();
  expect(endingOf(ended({ state: 'cancelled', end_reason: 'diverted' }))).toBeNull();
});
