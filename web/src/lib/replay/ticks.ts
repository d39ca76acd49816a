// What stands out in a period: calls, calls that became late, decisions, alarms. Pure.
import type { Incident } from '../api/types';
import type { Film } from './film';

export const TICKS = ['call', 'late', 'decision', 'alarm'] as const;
export type TickKind = (typeof TICKS)[number];

export interface Tick {
  readonly kind: TickKind;
  readonly at_ms: number;
}

const ALARMS = new Set(['sos_raised', 'alarm_raised', 'acknowledgement_overdue', 'nobody_available', 'unit_missing']);

/** All of them by time; `target_s` is the bureau's target. */
export function ticksOf(film: Film, target_s: number): Tick[] {
  const ticks: Tick[] = [];
  film.events.forEach(({ event: { kind } }, n) => {
    const at_ms = film.events_ms[n] ?? 0;
    if (kind === 'incident_created') ticks.push({ kind: 'call', at_ms });
    else if (ALARMS.has(kind)) ticks.push({ kind: 'alarm', at_ms });
  });
  for (const { decided_at } of film.decisions) ticks.push({ kind: 'decision', at_ms: Date.parse(decided_at) });
  for (const at_ms of lateAt(film, target_s)) ticks.push({ kind: 'late', at_ms });
  const within = ticks.filter(({ at_ms }) => at_ms >= film.from_ms && at_ms <= film.to_ms);
  return within.sort((one, other) => one.at_ms - other.at_ms);
}

/** When the target of a call passed and nobody was known to be there. */
function lateAt(film: Film, target_s: number): number[] {
  const versions = new Map<string, { at_ms: number; incident: Incident }[]>();
  const take = (at_ms: number, incidents: readonly Incident[]) => {
    for (const incident of incidents) {
      const known = versions.get(incident.id) ?? [];
      known.push({ at_ms, incident });
      versions.set(incident.id, known);
    }
  };
  take(-Infinity, film.pages[0]?.snapshot.incidents ?? []);
  film.events.forEach(({ incidents }, n) => take(film.events_ms[n] ?? 0, incidents));
  return [...versions.values()].flatMap((known) => {
    const last = known.at(-1);
    if (!last) return [];
    const due_ms = Date.parse(last.incident.received_at) + target_s * 1000;
    const then = known.findLast(({ at_ms }) => at_ms <= due_ms)?.incident;
    return then?.state === 'open' && then.on_scene_at === null ? [due_ms] : [];
  });
}

/** The next tick after a moment, or the one before it; null where there is none. */
export function nextTick(ticks: readonly Tick[], now_ms: number, way: 1 | -1): Tick | null {
  // A second is what the clock shows: the tick that is looked at is not the next one.
  if (way === 1) return ticks.find(({ at_ms }) => at_ms > now_ms + 500) ?? null;
  return ticks.findLast(({ at_ms }) => at_ms < now_ms - 500) ?? null;
}
