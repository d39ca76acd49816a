// The question for past incidents and its address.
import { expect, test } from 'vitest';
import { argumentOf, queryOf, questionOf } from './past_question';

const TODAY = '2026-11-25';

test('an address leads back to its question', () => {
  const question = { first: '2026-11-01', last: '2026-11-24', state: 'closed', search: '中山路 & 7' } as const;
  expect(questionOf(argumentOf(question), TODAY)).toEqual(question);
});

test.each(['', 'first=yesterday&state=lost', 'first=2026-13-45&last='])('what %o does not say is today, all of it', (argument) => {
  expect(questionOf(argument, TODAY)).toEqual({ first: TODAY, last: TODAY, state: 'all', search: '' });
});

test('days are those of Taipei, the last one within', () => {
  const query = queryOf({ first: TODAY, last: TODAY, state: 'all', search: '  ' }, null);
  expect(query['from']).toBe('2026-11-25T00:00:00+08:00');
  expect(query['to']).toBe('2026-11-25T16:00:00.000Z');
  expect(query['search']).toBeUndefined();
});
