// The recordings of one incident: read when it is shown, and again when the feed tells of one of its units'.
import { recordingsOf } from '../api/recordings';
import { NoAnswer, Refusal } from '../api/problem';
import type { Recording } from '../api/types';
import { live } from '../feed/live.svelte';
import { failureText } from '../text/failure';

const SOON_MS = 300;
/** While a file is on its way nothing tells how far it is. */
const LOOK_AGAIN_MS = 10_000;
const ON_ITS_WAY: ReadonlySet<string> = new Set(['uploading', 'received']);

export class IncidentRecordings {
  items = $state.raw<readonly Recording[]>([]);
  more = $state(false);
  failure = $state('');
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  constructor(
    private readonly incidentId: string,
    private readonly units: () => ReadonlySet<string>,
  ) {}

  /** Reads, and follows the feed; gives the function that ends it. */
  watch(): () => void {
    const deaf = live.onEvent((event) => {
      const ours = event.incident_id === this.incidentId || this.units().has(event.unit_id ?? '');
      if (ours && event.kind.startsWith('recording_')) this.readIn(SOON_MS);
    });
    void this.read();
    return () => {
      this.ended = true;
      deaf();
      clearTimeout(this.timer);
    };
  }

  private readIn(delay_ms: number): void {
    clearTimeout(this.timer);
    if (!this.ended) this.timer = setTimeout(() => void this.read(), delay_ms);
  }

  private async read(): Promise<void> {
    try {
      const { items, more } = await recordingsOf(this.incidentId);
      this.items = items;
      this.more = more;
      this.failure = '';
      if (this.items.some(({ state }) => ON_ITS_WAY.has(state))) this.readIn(LOOK_AGAIN_MS);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      this.failure = failureText(error);
      if (error instanceof NoAnswer) this.readIn(LOOK_AGAIN_MS);
    }
  }
}
