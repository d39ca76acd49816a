// A loaded period as pictures: at any moment the very picture that the live feed's rules make of it. Pure.
import { apply, NOTHING, withPositions, type LiveState } from '../feed/state';
import type { Page, PastDecision, PastEvent } from './pages';
import { lastBy, positionAt, unpack, type Unpacked } from './tracks';

/** So many events are applied at most to reach a moment. */
const KEPT_EVERY = 100;

interface Reel {
  readonly from_ms: number;
  readonly events: readonly PastEvent[];
  readonly at_ms: readonly number[];
  readonly tracks: readonly Unpacked[];
  /** The picture after every hundredth event, the snapshot first; made as they are needed. */
  readonly kept: LiveState[];
}

const begin = (page: Page): Reel => {
  const from_ms = Date.parse(page.from);
  return {
    from_ms,
    events: page.events,
    at_ms: page.events.map(({ at }) => Date.parse(at)),
    tracks: page.tracks.map((track) => unpack(track, from_ms)),
    kept: [apply(NOTHING, page.snapshot).state],
  };
};

export class Film {
  readonly from_ms: number;
  readonly to_ms: number;
  /** Each line of the log once, in its order. */
  readonly events: readonly PastEvent[];
  readonly events_ms: readonly number[];
  /** Each decision once, by time. */
  readonly decisions: readonly PastDecision[];
  /** Before this moment positions are deleted, ms since 1970. */
  readonly kept_since_ms: number;
  readonly approximate: ReadonlySet<string>;
  private readonly reels: readonly Reel[];

  /** `pages` follow each other without a gap; there is one at least. */
  constructor(readonly pages: readonly Page[]) {
    this.reels = pages.map(begin);
    this.from_ms = this.reels[0]?.from_ms ?? 0;
    this.to_ms = Date.parse(pages.at(-1)?.to ?? '');
    this.events = [...new Map(pages.flatMap(({ events }) => events).map((told) => [told.event.id, told])).values()];
    this.events_ms = this.events.map(({ at }) => Date.parse(at));
    const decisions = new Map(pages.flatMap((page) => page.decisions).map((decision) => [decision.id, decision]));
    this.decisions = [...decisions.values()].sort((one, other) => Date.parse(one.decided_at) - Date.parse(other.decided_at));
    this.kept_since_ms = Math.max(...pages.map(({ positions_kept_since }) => Date.parse(positions_kept_since)));
    this.approximate = new Set(pages.flatMap(({ approximate_incidents }) => approximate_incidents));
  }

  /** The picture at a moment of the period. */
  at(now_ms: number): LiveState {
    const reel = this.reels[Math.max(0, lastBy(this.reels.map(({ from_ms }) => from_ms), now_ms))];
    if (!reel) return NOTHING;
    const state = picture(reel, lastBy(reel.at_ms, now_ms) + 1);
    return withPositions(state, reel.tracks.flatMap((track) => positionAt(track, now_ms) ?? []));
  }

  /** The lines that were known by then, oldest first. */
  eventsBy(now_ms: number): readonly PastEvent[] {
    return this.events.slice(0, lastBy(this.events_ms, now_ms) + 1);
  }

  /** The last decision that was taken by then, with those on the same call in the same breath (a first and a second
   *  unit); of one incident where one is named. */
  decisionsBy(now_ms: number, incident_id: string | null): readonly PastDecision[] {
    const about = (one: PastDecision) => incident_id === null || one.incident_id === incident_id;
    const last = this.decisions.findLast((one) => Date.parse(one.decided_at) <= now_ms && about(one));
    const together = (one: PastDecision) => one.incident_id === last?.incident_id && one.decided_at === last.decided_at;
    return this.decisions.filter(together).sort((one, other) => (one.role ?? '').localeCompare(other.role ?? ''));
  }
}

/** After the first `count` events of a reel. */
function picture({ events, kept }: Reel, count: number): LiveState {
  const nearest = Math.min(Math.floor(count / KEPT_EVERY), kept.length - 1);
  let state = kept[nearest] ?? NOTHING;
  for (let n = nearest * KEPT_EVERY; n < count; n++) {
    const message = events[n];
    if (message) state = apply(state, message).state;
    if ((n + 1) % KEPT_EVERY === 0 && (n + 1) / KEPT_EVERY === kept.length) kept.push(state);
  }
  return state;
}
