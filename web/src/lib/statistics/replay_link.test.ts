// The replay of a row goes on to the incident's end, as long as a replay can be; what was imported has none.
import { expect, test, vi } from 'vitest';
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
const { replayLink, replayMinutes } = await import('./replay_link');

const received_at = '2026-11-24T00:00:00Z';
const NOW_MS = Date.parse('2026-11-24T00:10:00Z');

test.each([
  ['2026-11-24T00:41:30Z', 44],
  ['2026-11-24T05:00:00Z', 120],
  [null, 12],
])('ended at %s: %i minutes', (ended_at, minutes) => {
  expect(replayMinutes({ received_at, ended_at }, NOW_MS)).toBe(minutes);
});

test('an imported call has no track to look at', () => {
  const row = { received_at, ended_at: '2026-11-24T00:41:30Z' };
  expect(replayLink({ ...row, is_imported: false }, NOW_MS)).toBe('#/replay/2026-11-23T23%3A59%3A00.000Z%2F44');
  expect(replayLink({ ...row, is_imported: true }, NOW_MS)).toBeNull();
});

test('a dispatcher looks back a day, from a minute before the call; a supervisor and an auditor as far as there is anything', () => {
  const DAY_MS = 86_400_000;
  const row = { received_at, ended_at: null, is_imported: false };
  const edge_ms = Date.parse(received_at) - 60_000 + DAY_MS;
  expect(replayLink(row, edge_ms, 'dispatcher')).not.toBeNull();
  expect(replayLink(row, edge_ms + 1, 'dispatcher')).toBeNull();
  for (const role of ['supervisor', 'auditor'] as const) expect(replayLink(row, edge_ms + 30 * DAY_MS, role)).not.toBeNull();
});
