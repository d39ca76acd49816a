// One incident in full: read once, then kept true by the feed (register, fetch, apply), so that looking is not re-reading.
import { incident as readIncident } from '../api/calls';
import { pastIncidents } from '../api/past_incidents';
import { NoAnswer, Refusal } from '../api/problem';
import type { IncidentDetail, TimelineEvent } from '../api/types';
import { live } from '../feed/live.svelte';
import { failureText } from '../text/failure';
import { withEvents } from './timeline';

const ASK_AGAIN_MS = 3_000;
const SOON_MS = 500;
/** Events that a decision stands behind. */
const RECORDED = new Set(['unit_dispatched', 'nobody_available', 'unit_diverted']);

const NUMBER = /^\d{8}-\d{4,}$/;

async function idOf(number: string): Promise<string | undefined> {
  const { items } = await pastIncidents({ search: number });
  return items.find((incident) => incident.number === number)?.id;
}

export class Detail {
  value = $state.raw<IncidentDetail | null>(null);
  /** The newest version that was read whole, callers included, which no feed tells; 0 before the first. */
  complete = $state.raw(0);
  failure = $state('');
  private id: string;
  private held: TimelineEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `name`: its id, or its number, as somebody may have written it down. */
  constructor(private readonly name: string) {
    this.id = name;
  }

  /** Applies what the feed says; to be called before `read`. Gives the function that ends it. */
  watch(): () => void {
    const deaf = live.onEvent((event, message) => {
      const changed = message.incidents.find(({ id }) => id === this.id);
      if (event.incident_id !== this.id && !changed) return;
      const events = event.incident_id === this.id ? [event] : [];
      if (!this.value) this.held.push(...events);
      else this.value = { ...this.value, ...changed, timeline: withEvents(this.value.timeline, events) };
      // The feed tells neither decisions nor which calls were merged, nor who called.
      if (events.some(({ kind, data }) => RECORDED.has(kind) || 'merged' in data || kind === 'incident_changed')) this.readSoon();
    });
    return () => {
      deaf();
      clearTimeout(this.timer);
    };
  }

  /** Takes what a request of this desk answered with. */
  take(detail: IncidentDetail): void {
    this.failure = '';
    const before = this.value;
    // An answer that was on its way while the feed told of a later change is old already.
    if (before && before.version > detail.version) {
      this.readSoon();
      return;
    }
    // Nor may it take away what the feed told meanwhile.
    this.value = { ...detail, timeline: withEvents([...(before?.timeline ?? []), ...this.held], detail.timeline) };
    this.held = [];
    this.complete = detail.version;
  }

  private readSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.read(), SOON_MS);
  }

  async read(): Promise<void> {
    try {
      if (NUMBER.test(this.name)) this.id = (await idOf(this.name)) ?? this.name;
      this.take(await readIncident(this.id));
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      this.failure = failureText(error);
      if (error instanceof NoAnswer || error.status >= 500) this.timer = setTimeout(() => void this.read(), ASK_AGAIN_MS);
    }
  }
}
