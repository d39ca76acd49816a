// Routes and ETAs of the units that are on their way, asked for only while there are any.
import { askEvery } from './asking';
import { underWay as readUnderWay, type Way } from './requests';

const ASK_AGAIN_MS = 4_000;
/** A missed answer or two: the last one still counts down. After that it is no longer shown as if it were of now. */
const KEPT_MS = 20_000;

export interface Arrival {
  readonly way: Way;
  /** Server time, ms since 1970. */
  readonly at_ms: number;
  readonly low_ms: number;
  readonly high_ms: number;
}

class UnderWayNow {
  /** By assignment. */
  ways = $state.raw<ReadonlyMap<string, Way>>(new Map());
  /** By unit, those whose ETA is known. */
  arrivals = $state.raw<ReadonlyMap<string, Arrival>>(new Map());

  private heard_ms = 0;
  private watchers = 0;
  private end: () => void = () => undefined;

  /** Asks at once, and again while anybody looks; gives the function that ends it for who called. What is known stays
   *  until the next answer. */
  watch(): () => void {
    this.watchers += 1;
    this.end();
    this.end = askEvery(ASK_AGAIN_MS, readUnderWay, (answer) => {
      if (answer) this.take(answer.items, Date.parse(answer.computed_at));
      else if (performance.now() - this.heard_ms > KEPT_MS) this.take([], 0);
    });
    return () => {
      this.watchers -= 1;
      if (this.watchers === 0) this.end();
    };
  }

  /** Nobody is under way; or nobody looks, as far as whoever says so knows. */
  forget(): void {
    if (this.watchers === 0) this.take([], 0);
  }

  private take(items: readonly Way[], computed_ms: number): void {
    this.heard_ms = performance.now();
    this.ways = new Map(items.map((way) => [way.assignment_id, way]));
    const after = (seconds: number) => computed_ms + seconds * 1000;
    this.arrivals = new Map(
      items.flatMap((way) => {
        if (way.eta_s === null) return [];
        const [low_s, high_s] = [way.eta_low_s ?? way.eta_s, way.eta_high_s ?? way.eta_s];
        return [[way.unit_id, { way, at_ms: after(way.eta_s), low_ms: after(low_s), high_ms: after(high_s) }]];
      }),
    );
  }
}

export const underWay = new UnderWayNow();
