// The live picture, as a pure function of what the feed said. Law: an old snapshot plus the events since then equals a
// fresh snapshot. No sockets, no clocks, no screen here.
import type { Alarm, Incident, Suggestion, Unit } from '../api/types';
import type { FeedEvent, FeedMessage, Snapshot, UnitPosition } from './messages';

export interface LiveState {
  /** Number of the last event that is in the picture; null until the first snapshot. */
  readonly seq: number | null;
  /** Whose numbers these are. */
  readonly stream: string;
  readonly units: ReadonlyMap<string, Unit>;
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly alarms: ReadonlyMap<string, Alarm>;
  /** Where idle units were asked to wait: open, or accepted and not reached yet. */
  readonly suggestions: ReadonlyMap<string, Suggestion>;
}

export interface Step {
  readonly state: LiveState;
  /** Something was missed: the picture can't be continued, a fresh snapshot is needed. */
  readonly gap: boolean;
}

export const NOTHING: LiveState = {
  seq: null,
  stream: '',
  units: new Map(),
  incidents: new Map(),
  alarms: new Map(),
  suggestions: new Map(),
};

const isLive = (incident: Incident) => incident.state === 'open';
const isRaised = (alarm: Alarm) => alarm.resolved_at === null;
const stands = (suggestion: Suggestion) => suggestion.ended_at === null;

function merged<T extends { id: string }>(
  known: ReadonlyMap<string, T>,
  changed: readonly T[],
  stays: (item: T) => boolean = () => true,
): ReadonlyMap<string, T> {
  if (changed.length === 0) return known;
  const next = new Map(known);
  for (const item of changed) {
    if (stays(item)) next.set(item.id, item);
    else next.delete(item.id);
  }
  return next;
}

/** A unit as told by an event, with the newer of both positions: events and positions travel on different roads. */
function withNewerPosition(told: Unit, known: Unit | undefined): Unit {
  const before = known?.position;
  if (!before || !told.position) return told;
  return Date.parse(before.fixed_at) > Date.parse(told.position.fixed_at) ? { ...told, position: before } : told;
}

function fromSnapshot(message: Snapshot): LiveState {
  return {
    seq: message.seq,
    stream: message.stream,
    units: new Map(message.units.map((unit) => [unit.id, unit])),
    incidents: new Map(message.incidents.filter(isLive).map((incident) => [incident.id, incident])),
    alarms: new Map(message.alarms.filter(isRaised).map((alarm) => [alarm.id, alarm])),
    suggestions: new Map(message.suggestions.filter(stands).map((suggestion) => [suggestion.id, suggestion])),
  };
}

function withEvent(state: LiveState, message: FeedEvent): LiveState {
  const units = message.units.map((unit) => withNewerPosition(unit, state.units.get(unit.id)));
  return {
    seq: message.seq,
    stream: state.stream,
    units: merged(state.units, units),
    incidents: merged(state.incidents, message.incidents, isLive),
    alarms: merged(state.alarms, message.alarms, isRaised),
    suggestions: merged(state.suggestions, message.suggestions, stands),
  };
}

/** Moves units; an older fix than the shown one and a unit that is not known change nothing. */
export function withPositions(state: LiveState, items: Iterable<UnitPosition>): LiveState {
  const moved: Unit[] = [];
  for (const { unit_id, ...position } of items) {
    const unit = state.units.get(unit_id);
    if (!unit) continue;
    if (unit.position && Date.parse(unit.position.fixed_at) > Date.parse(position.fixed_at)) continue;
    moved.push({ ...unit, position });
  }
  return moved.length ? { ...state, units: merged(state.units, moved) } : state;
}

const isOther = (state: LiveState, { stream }: { stream: string }) => stream !== state.stream;

/** Applies one message. A number of another stream says that something else speaks now. Events before the first snapshot and repeated ones change nothing. */
export function apply(state: LiveState, message: FeedMessage): Step {
  switch (message.type) {
    case 'snapshot':
      return { state: fromSnapshot(message), gap: false };
    case 'positions':
      return { state: withPositions(state, message.items), gap: false };
    case 'heartbeat':
      return { state, gap: state.seq !== null && (isOther(state, message) || message.seq !== state.seq) };
    case 'event':
      if (state.seq !== null && isOther(state, message)) return { state, gap: true };
      if (state.seq === null || message.seq <= state.seq) return { state, gap: false };
      if (message.seq !== state.seq + 1) return { state, gap: true };
      return { state: withEvent(state, message), gap: false };
  }
}
