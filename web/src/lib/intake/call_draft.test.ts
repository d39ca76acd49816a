// A call that is being entered: what it proposes, lacks, sends and remembers.
import { expect, test } from 'vitest';
import { refusalFrom } from '../api/problem';
import type { IncidentDetail } from '../api/types';
import { amendments, CATEGORIES, emptyDraft, fieldOf, goesOn, isTouched, missing, proposedPriority, readDraft, toCall, type CallDraft } from './call_draft';

const blank = emptyDraft('key-1', '2026-11-24T03:00:00.000Z');
const whole: CallDraft = { ...blank, category: 'criminal', priority: 2, lat: 23.48, lon: 120.45, address: ' 中山路 1 號 ' };

test('every category proposes a priority, and the class of an accident sharpens it', () => {
  for (const category of CATEGORIES) expect(proposedPriority({ category, accident_class: null })).toBeGreaterThan(0);
  const accident = (accident_class: 'A1' | 'A3') => proposedPriority({ category: 'traffic_accident', accident_class });
  expect([accident('A1'), accident('A3')]).toEqual([1, 3]);
  expect(proposedPriority(blank)).toBeNull();
});

test('what is missing is named in the order of the form', () => {
  expect(missing(blank)).toEqual(['place', 'category', 'priority']);
  expect(missing({ ...whole, category: 'traffic_accident' })).toEqual(['accident_class']);
  expect(missing(whole)).toEqual([]);
});

test('the request carries the time when the form was opened, and blanks as null', () => {
  expect(toCall(whole, false)).toEqual({
    category: 'criminal',
    priority: 2,
    lat: 23.48,
    lon: 120.45,
    confirm_outside: false,
    received_at: '2026-11-24T03:00:00.000Z',
    address: '中山路 1 號',
    description: null,
    caller_name: null,
    caller_phone: null,
    accident_class: null,
    same_as: null,
  });
});

test('a class chosen before the category changed is not sent', () => {
  expect(toCall({ ...whole, accident_class: 'A2' }, true)).toMatchObject({ accident_class: null, confirm_outside: true });
});

test('a draft survives a reload whole, and what is no draft is passed over', () => {
  expect(readDraft(JSON.stringify(whole))).toEqual(whole);
  for (const text of [null, '', '{', '{}', JSON.stringify({ ...whole, key: '' })]) expect(readDraft(text)).toBeNull();
});

test('what was changed after a lost answer is amended, and nothing else', () => {
  const sent = toCall(whole, false);
  const made = { ...sent, id: 'x' } as unknown as IncidentDetail;
  expect(amendments(sent, made)).toEqual({});
  expect(amendments({ ...sent, description: 'more', priority: 1 }, made)).toEqual({ description: 'more', priority: 1 });
});

test('an empty form that was closed long ago begins anew; anything entered keeps its clock', () => {
  expect([isTouched(blank), isTouched(whole), isTouched({ ...blank, note_text: 'a' })]).toEqual([false, true, true]);
  expect(goesOn(blank, 0, 60_000)).toBe(true);
  expect(goesOn(blank, 0, 180_000)).toBe(false);
  expect(goesOn(blank, null, 180_000)).toBe(true);
  expect(goesOn(whole, 0, 3_600_000)).toBe(true);
});

test('a refusal names the field that it means, whatever path the server gives', () => {
  expect(['body.lat', 'lon', 'caller_phone', 'body.address'].map(fieldOf)).toEqual([
    'place',
    'place',
    'caller_phone',
    'address',
  ]);
});

test('a problem document is read as it is, and a page of a proxy does not break the reading', () => {
  const body = { code: 'validation', detail: 'no', errors: [{ member: 'address', reason: 'too long' }, 7] };
  expect(refusalFrom(422, body)).toMatchObject({ code: 'validation', members: [{ member: 'address', reason: 'too long' }] });
  expect(refusalFrom(502, undefined)).toMatchObject({ code: 'http_502', members: [] });
});
