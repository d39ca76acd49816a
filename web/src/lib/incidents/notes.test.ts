// Notes bear the time they were written down, whenever they reached the server.
import { expect, test } from 'vitest';
import type { TimelineEvent } from '../api/types';
import { notesIn } from './notes';

const event = (id: number, kind: string, note_id: string, happened_at: string | null, text?: string) =>
  ({ id, kind, actor: 'dora', happened_at, recorded_at: `2026-11-25T20:05:0${id}Z`, data: { note_id, text } }) as unknown as TimelineEvent;

test('a note typed during the call stands at that time, and what was struck says by whom', () => {
  const notes = notesIn([
    event(1, 'note_added', 'late', '2026-11-25T20:04:40Z', 'second'),
    event(2, 'note_added', 'early', '2026-11-25T20:04:10Z', 'first'),
    event(3, 'note_added', 'untimed', null, 'third'),
    event(4, 'note_struck', 'early', '2026-11-25T20:05:04Z'),
  ]);
  expect(notes.map(({ at, text, struck_by }) => [at, text, struck_by])).toEqual([
    ['2026-11-25T20:04:10Z', 'first', 'dora'],
    ['2026-11-25T20:04:40Z', 'second', null],
    ['2026-11-25T20:05:03Z', 'third', null],
  ]);
});
