// What the server says on the live feed, and what this page may say back.
import type { Alarm, Incident, Position, Suggestion, TimelineEvent, Unit } from '../api/types';

export interface Snapshot {
  type: 'snapshot';
  seq: number;
  server_time: string;
  units: Unit[];
  incidents: Incident[];
  alarms: Alarm[];
  suggestions: Suggestion[];
}

export interface FeedEvent {
  type: 'event';
  seq: number;
  event: TimelineEvent;
  units: Unit[];
  incidents: Incident[];
  alarms: Alarm[];
  suggestions: Suggestion[];
}

export type UnitPosition = Position & { unit_id: string };

export interface Positions {
  type: 'positions';
  items: UnitPosition[];
}

export interface Heartbeat {
  type: 'heartbeat';
  seq: number;
  server_time: string;
}

export type FeedMessage = Snapshot | FeedEvent | Positions | Heartbeat;

const KNOWN = new Set(['snapshot', 'event', 'positions', 'heartbeat']);

/** Reads one frame; null for a kind of message that a newer server may have learnt. */
export function readFrame(frame: string): FeedMessage | null {
  const message = JSON.parse(frame) as { type?: unknown };
  return typeof message.type === 'string' && KNOWN.has(message.type) ? (message as FeedMessage) : null;
}
