// The live picture as the screens watch it: feeds the reducer, moves units once per drawn frame, knows how old it is.
import { untrack } from 'svelte';
import { currentSession } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import { usePatience } from '../api/request';
import type { TimelineEvent } from '../api/types';
import { serverTime } from '../time/now.svelte';
import { PositionBuffer } from './coalesce';
import { Connection, feedAddress } from './connection';
import { ageOf, now, QUIET_MS, type Confirmed } from './freshness';
import { readFrame, type FeedEvent, type FeedMessage } from './messages';
import { apply, NOTHING, withPositions, type LiveState } from './state';
import { whenAwake } from './waking';

type EventListener = (event: TimelineEvent, message: FeedEvent) => void;

/** A snapshot that was asked for and doesn't come within this: another socket brings one. */
const SNAPSHOT_MS = 6_000;
/** A request that has to go where the feed is silent: long enough to try, short enough to tell the hand that waits. */
const SHORT_PATIENCE_MS = 5_000;

class Live {
  private state = $state.raw<LiveState>(NOTHING);
  // Each part tells its watchers only when it changed itself: units move many times a second, incidents don't.
  readonly seq = $derived(this.state.seq);
  readonly units = $derived(this.state.units);
  readonly incidents = $derived(this.state.incidents);
  readonly alarms = $derived(this.state.alarms);
  readonly suggestions = $derived(this.state.suggestions);

  /** When the picture was last known to be whole; null before the first snapshot. */
  private confirmed = $state.raw<Confirmed | null>(null);
  /** How old what is shown is, ms; null before the first snapshot. */
  readonly age_ms = $derived.by(() => {
    const tick_ms = serverTime.tick_ms;
    return ageOf(this.confirmed, { mono_ms: tick_ms, wall_ms: Date.now() });
  });
  /** Nothing on the screen may be taken for true any more. */
  readonly stale = $derived(this.age_ms !== null && this.age_ms > QUIET_MS);
  /** The server is there, but can't read its own database. */
  behind = $state.raw(false);

  /** Rises with every snapshot: whoever holds more than the feed tells reads it again then. */
  snapshots = $state.raw(0);

  private readonly positions = new PositionBuffer();
  private readonly listeners = new Set<EventListener>();
  private awaitingSnapshot = false;
  private overdue: ReturnType<typeof setTimeout> | undefined;
  private connection: Connection | null = null;
  private sleep: (() => void) | null = null;

  start(): void {
    if (this.connection) return;
    const connection = new Connection(feedAddress(location), {
      // Whatever numbers another server, or the same one anew, begins with: its snapshot comes first.
      onOpen: () => (this.awaitingSnapshot = true),
      onFrame: (frame) => this.hear(frame),
      onRefused: () => void askWhetherSignedIn(),
    });
    this.connection = connection;
    connection.open();
    this.sleep = whenAwake(() => {
      serverTime.look();
      if (this.stale) connection.again();
    });
    // An effect that asks the server must not run again because the feed fell silent.
    usePatience(() => (untrack(() => this.stale) ? SHORT_PATIENCE_MS : null));
  }

  stop(): void {
    clearTimeout(this.overdue);
    this.sleep?.();
    this.connection?.close();
    this.connection = null;
    this.state = NOTHING;
    this.confirmed = null;
    this.behind = false;
    usePatience(() => null);
  }

  /** Calls back on every new event, once; gives the function that ends it. */
  onEvent(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private hear(frame: string): void {
    const message = readFrame(frame);
    if (message === 'broken') this.connection?.again();
    else if (message?.type === 'positions') this.hold(message.items);
    else if (message) this.take(message);
  }

  private take(message: FeedMessage): void {
    if ('server_time' in message) serverTime.hear(Date.parse(message.server_time));
    if (this.awaitingSnapshot && message.type !== 'snapshot') return;
    const { state, gap } = apply(this.state, message);
    const isNew = message.type === 'event' && state !== this.state;
    this.state = state;
    if (message.type === 'snapshot') this.begin();
    if (gap) this.askForSnapshot();
    else if (message.type === 'heartbeat' || message.type === 'snapshot') this.confirm(message);
    if (isNew) for (const listener of this.listeners) listener(message.event, message);
  }

  private begin(): void {
    this.awaitingSnapshot = false;
    clearTimeout(this.overdue);
    this.snapshots += 1;
  }

  private askForSnapshot(): void {
    this.awaitingSnapshot = true;
    this.connection?.send({ type: 'snapshot' });
    clearTimeout(this.overdue);
    this.overdue = setTimeout(() => this.awaitingSnapshot && this.connection?.again(), SNAPSHOT_MS);
  }

  private confirm(message: { server_time: string; behind_s?: number }): void {
    const behind_s = message.behind_s ?? 0;
    const underway_ms = Math.max(0, serverTime.exact_ms() - Date.parse(message.server_time));
    this.behind = behind_s > 0;
    this.confirmed = { at: now(), behind_ms: behind_s * 1000 + underway_ms };
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
