// The live picture as the screens watch it: feeds the reducer, moves units once per drawn frame, knows how old it is.
import { currentSession } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import type { TimelineEvent } from '../api/types';
import { serverTime } from '../time/now.svelte';
import { PositionBuffer } from './coalesce';
import { Connection, feedAddress } from './connection';
import { readFrame, type FeedEvent, type FeedMessage } from './messages';
import { apply, NOTHING, withPositions, type LiveState } from './state';

type EventListener = (event: TimelineEvent, message: FeedEvent) => void;

class Live {
  private state = $state.raw<LiveState>(NOTHING);
  // Each part tells its watchers only when it changed itself: units move many times a second, incidents don't.
  readonly seq = $derived(this.state.seq);
  readonly units = $derived(this.state.units);
  readonly incidents = $derived(this.state.incidents);
  readonly alarms = $derived(this.state.alarms);
  readonly suggestions = $derived(this.state.suggestions);
  /** When the server was last heard, on this machine's clock that only rises (performance.now). */
  heard_at_ms = $state.raw<number | null>(null);

  /** Rises with every snapshot: whoever holds more than the feed tells reads it again then. */
  snapshots = $state.raw(0);

  private readonly positions = new PositionBuffer();
  private readonly listeners = new Set<EventListener>();
  private awaitingSnapshot = false;
  private connection: Connection | null = null;

  start(): void {
    if (this.connection) return;
    this.connection = new Connection(feedAddress(location), {
      onOpen: () => (this.awaitingSnapshot = true),
      onFrame: (frame) => this.hear(frame),
      onRefused: () => void askWhetherSignedIn(),
    });
    this.connection.open();
  }

  stop(): void {
    this.connection?.close();
    this.connection = null;
    this.state = NOTHING;
    this.heard_at_ms = null;
  }

  /** Calls back on every new event, once; gives the function that ends it. */
  onEvent(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private hear(frame: string): void {
    const message = readFrame(frame);
    this.heard_at_ms = performance.now();
    if (!message) return;
    if ('server_time' in message) serverTime.hear(Date.parse(message.server_time));
    if (message.type === 'positions') this.hold(message.items);
    else this.take(message);
  }

  private take(message: FeedMessage): void {
    if (message.type === 'snapshot') this.awaitingSnapshot = false;
    const { state, gap } = apply(this.state, message);
    const isNew = message.type === 'event' && state !== this.state;
    this.state = state;
    if (message.type === 'snapshot') this.snapshots += 1;
    if (gap && !this.awaitingSnapshot) {
      this.awaitingSnapshot = true;
      this.connection?.send({ type: 'snapshot' });
    }
    if (isNew) for (const listener of this.listeners) listener(message.event, message);
  }

  private hold(items: Parameters<PositionBuffer['add']>[0]): void {
    if (!this.positions.add(items)) return;
    requestAnimationFrame(() => (this.state = withPositions(this.state, this.positions.take())));
  }
}

/** A refused feed may mean that the session is over; the request itself reports a 401 to the sign-in screen. */
async function askWhetherSignedIn(): Promise<void> {
  try {
    await currentSession();
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
  }
}

export const live = new Live();
