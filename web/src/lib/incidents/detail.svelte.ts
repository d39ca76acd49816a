// One incident in full: read once, then kept true by the feed (register, fetch, apply), so that looking is not re-reading.
import { incident as readIncident } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import type { IncidentDetail, TimelineEvent } from '../api/types';
import { live } from '../feed/live.svelte';
import { failureText } from '../text/failure';
import { withEvents } from './timeline';

const ASK_AGAIN_MS = 3_000;

export class Detail {
  value = $state.raw<IncidentDetail | null>(null);
  failure = $state('');
  private held: TimelineEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly id: string) {}

  /** Applies what the feed says; to be called before `read`. Gives the function that ends it. */
  watch(): () => void {
    const deaf = live.onEvent((event, message) => {
      const changed = message.incidents.find(({ id }) => id === this.id);
      if (event.incident_id !== this.id && !changed) return;
      const events = event.incident_id === this.id ? [event] : [];
      if (!this.value) this.held.push(...events);
      else this.value = { ...this.value, ...changed, timeline: withEvents(this.value.timeline, events) };
    });
    return () => {
      deaf();
      clearTimeout(this.timer);
    };
  }

  /** Takes what a request of this desk answered with. */
  take(detail: IncidentDetail): void {
    this.value = { ...detail, timeline: withEvents(detail.timeline, this.held) };
    this.held = [];
    this.failure = '';
  }

  async read(): Promise<void> {
    try {
      this.take(await readIncident(this.id));
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      this.failure = failureText(error);
      if (error instanceof NoAnswer) this.timer = setTimeout(() => void this.read(), ASK_AGAIN_MS);
    }
  }
}
