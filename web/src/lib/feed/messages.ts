// What the server says on the live feed, and what this page may say back.
import type { Alarm, Incident, Position, Suggestion, TimelineEvent, Unit } from '../api/types';

export interface Snapshot {
  type: 'snapshot';
  /** Of one run of one server: numbers of another stream say nothing about these. */
  stream: string;
  seq: number;
  server_time: string;
  units: Unit[];
  incidents: Incident[];
  alarms: Alarm[];
  suggestions: Suggestion[];
}

export interface FeedEvent {
  type: 'event';
  stream: string;
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
  stream: string;
  seq: number;
  server_time: string;
  /** 0, or how long the server could not read its database. */
  behind_s: number;
}

export type FeedMessage = Snapshot | FeedEvent | Positions | Heartbeat;

const KNOWN = new Set(['snapshot', 'event', 'positions', 'heartbeat']);

/** Reads one frame; null for a kind of message that a newer server may have learnt, 'broken' for what is none. */
export function readFrame(frame: string): FeedMessage | null | 'broken' {
  try {
    const message = JSON.parse(frame) as { type?: unknown } | null;
    if (typeof message?.type !== 'string') return 'broken';
    return KNOWN.has(message.type) ? (message as FeedMessage) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return 'broken';
    throw error;
  }
}
