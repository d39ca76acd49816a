// An address that names a stretch of the replay gives it back; a wrong one names none.
import { expect, test } from 'vitest';
import { stretchAddress, stretchIn } from './stretch_in';

test('what is named comes back', () => {
  const from_ms = Date.parse('2026-11-20T08:20:00+08:00');
  expect(stretchIn(stretchAddress(from_ms, 40))).toEqual({ from_ms, to_ms: from_ms + 2_400_000 });
});

test.each(['', '2026-11-20', '2026-11-20T08:20:00Z', '2026-11-20T08:20:00Z/0', '2026-11-20T08:20:00Z/999', '2026-99-20T08:20:00Z/30'])(
  'no stretch: %s',
  (argument) => expect(stretchIn(argument)).toBeNull(),
);
