// The agent in this car, on the same machine: its JSON API, and its stream of events for changes at once.
import { PressFailed, UNDO_WITHIN_S, type CarBackend, type CarState, type StepPress } from './backend';

/** Asked again after so long where the stream says nothing: it says the clock every 5 s. */
const SILENCE_MS = 8_000;
const POLL_MS = 1_000;
const TIMEOUT_MS = 5_000;

async function answered(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new PressFailed('no_agent', String(error));
  }
}

async function press(what: string, body: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await answered(`/api/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.ok) return;
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string };
  throw new PressFailed(problem.code ?? `http_${answer.status}`, problem.detail ?? '');
}

export class AgentBackend implements CarBackend {
  watch(listen: (state: CarState | null, alive: boolean) => void): () => void {
    let last: CarState | null = null;
    let heard_ms = 0;
    let heard = 0;
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const hear = (state: CarState) => {
      heard_ms = performance.now();
      heard += 1;
      last = state;
      listen(state, true);
    };
    const open = () => {
      source = new EventSource('/api/events');
      source.onmessage = ({ data }) => hear(JSON.parse(String(data)) as CarState);
    };
    const look = async () => {
      if (performance.now() - heard_ms > SILENCE_MS || source?.readyState !== EventSource.OPEN) {
        const before = heard;
        try {
          const answer = await answered('/api/state');
          const state = answer.ok ? ((await answer.json()) as CarState) : null;
          // What the stream said meanwhile is newer than this answer.
          if (state && !ended && heard === before) hear(state);
          // A browser gives a stream up for good after some answers; the agent is back, so ask for a new one.
          if (source?.readyState === EventSource.CLOSED) open();
        } catch {
          if (!ended) listen(last, false);
        }
      }
      if (!ended) timer = setTimeout(() => void look(), POLL_MS);
    };
    listen(null, true);
    open();
    void look();
    return () => {
      ended = true;
      clearTimeout(timer);
      source?.close();
    };
  }

  step = (made: StepPress) => press('step', { ...made, hold_s: UNDO_WITHIN_S });
  undo = (press_id: string) => press('undo', { press_id });
  setAvailable = (available: boolean, reason?: string) => press('availability', { available, ...(reason ? { reason } : {}) });
  sos = (active: boolean) => press('sos', { active });
  markRead = (notice_id: string) => press('notice_read', { notice_id });
  checkIn = (assignment_id: string) => press('check_in', { assignment_id });
  enrol = (code: string) => press('enrol', { code });

  async streets(): Promise<GeoJSON.FeatureCollection<GeoJSON.LineString> | null> {
    const answer = await answered('/api/streets');
    return answer.ok ? ((await answer.json()) as GeoJSON.FeatureCollection<GeoJSON.LineString>) : null;
  }
}
