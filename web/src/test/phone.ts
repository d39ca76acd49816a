// A phone for tests: a browser's globals, a database that outlives the page, a clock to be set wrong, and the server's
// officers' API as far as the page uses it. `start` is a fresh page: nothing but the database is left of the one before.
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { vi } from 'vitest';
import type { CarState } from '../car/backend';

export interface Sent {
  duty_id: string;
  boot: string;
  seq: number;
  type: string;
  time_ms: number;
  clock_ms?: number;
  [member: string]: unknown;
}

interface Asked {
  path: string;
  method: string;
  body: Record<string, unknown>;
  init: RequestInit;
}

const STEP_MS = 100;
const json = (status: number, body: unknown) => new Response(status === 204 ? null : JSON.stringify(body), { status });
export const problem = (status: number, code: string, ...members: string[]) =>
  json(status, { code, detail: '', errors: members.map((member) => ({ member, reason: '' })) });
/** As a proxy that knows nothing of us answers. */
export const html = (status: number) => new Response('<html></html>', { status });

export class Phone {
  /** Server's side. */
  messages: Sent[] = [];
  asked: Asked[] = [];
  signed_in: string | null = null;
  csrf = 'proof';
  orders: unknown[] = [];
  network = true;
  /** Answers in place of the server where it gives something. */
  instead: (asked: Asked) => Response | null | undefined = () => null;
  /** How far this phone's clock is ahead of the server's. */
  ahead_ms = 0;
  rtt_ms = 0;
  private duties = new Map<string, { username: string; ended: boolean }>();
  private standing: string | null = null;
  private duties_begun = 0;
  private document = new EventTarget();
  private window = new EventTarget();
  private hidden = false;

  constructor() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
    vi.setSystemTime(Date.UTC(2026, 10, 25, 4));
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => this.fetch(path, init));
  }

  /** A page that starts anew. */
  async start() {
    vi.resetModules();
    vi.clearAllTimers();
    this.hidden = false;
    [this.document, this.window] = [new EventTarget(), new EventTarget()];
    const hidden = () => this.hidden;
    const { document, window } = this;
    Object.defineProperty(document, 'visibilityState', { get: () => (hidden() ? 'hidden' : 'visible') });
    vi.stubGlobal('document', document);
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
    vi.stubGlobal('navigator', {});
    const { officer } = await import('../car/pwa/officer.svelte');
    // A network that is away lets nobody know; what is asked goes on behind.
    void officer.begin();
    await this.until(() => officer.phase !== 'starting');
    const backend = () => {
      if (!officer.car) throw new Error('on no unit');
      return officer.car.backend;
    };
    const state = (): CarState => {
      const seen: (CarState | null)[] = [];
      backend().watch((told) => void seen.push(told))();
      const [told] = seen;
      if (!told) throw new Error('no state');
      return told;
    };
    return { officer, backend, state };
  }

  setClock(ahead_ms: number): void {
    vi.setSystemTime(Date.now() - this.ahead_ms + ahead_ms);
    this.ahead_ms = ahead_ms;
  }

  true_ms = () => Date.now() - this.ahead_ms;

  /** Into the pocket, or out of it. */
  async pocket(hidden: boolean): Promise<void> {
    this.hidden = hidden;
    this.document.dispatchEvent(new Event('visibilitychange'));
    await this.pass(0);
  }

  async pass(ms: number): Promise<void> {
    for (let left_ms = ms; left_ms >= 0; left_ms -= STEP_MS) {
      await vi.advanceTimersByTimeAsync(Math.min(STEP_MS, Math.max(0, left_ms)));
      for (let turn = 0; turn < 40; turn += 1) await new Promise((done) => setImmediate(done));
    }
  }

  async until(seen: () => boolean, within_ms = 30_000): Promise<void> {
    for (let passed_ms = 0; !seen(); passed_ms += STEP_MS) {
      if (passed_ms > within_ms) throw new Error(`it never came: ${String(seen)}`);
      await this.pass(STEP_MS);
    }
  }

  /** Everything that lies in the browser's database, by store. */
  async stores(): Promise<Record<string, unknown[]>> {
    const request = indexedDB.open('patrol-car');
    await new Promise((done) => (request.onsuccess = done));
    const names = [...request.result.objectStoreNames];
    const found: Record<string, unknown[]> = {};
    for (const name of names) {
      const all = request.result.transaction(name).objectStore(name)[name === 'kept' ? 'getAllKeys' : 'getAll']();
      await new Promise((done) => (all.onsuccess = done));
      found[name] = all.result;
    }
    request.result.close();
    return found;
  }

  private async fetch(address: string, init: RequestInit): Promise<Response> {
    const path = address.replace('/api/v1', '');
    const body = (typeof init.body === 'string' ? JSON.parse(init.body) : {}) as Record<string, unknown>;
    const asked = { path, method: init.method ?? 'GET', body, init };
    if (!this.network) throw new TypeError('no network');
    this.asked.push(asked);
    if (this.rtt_ms > 0) await new Promise((done) => setTimeout(done, this.rtt_ms));
    return this.instead(asked) ?? this.answer(asked);
  }

  private answer({ path, method, body, init }: Asked): Response {
    const session = { username: this.signed_in, role: 'officer', csrf_token: this.csrf };
    if (path === '/session' && method === 'POST') {
      this.signed_in = String(body['username']);
      return json(201, { ...session, username: this.signed_in });
    }
    if (this.signed_in === null) return problem(401, 'unauthenticated');
    if (method !== 'GET' && new Headers(init.headers).get('X-CSRF-Token') !== this.csrf) return problem(403, 'csrf');
    if (path === '/session' && method === 'GET') return json(200, session);
    if (path === '/session') return (this.signed_in = null), json(204, null);
    if (path === '/officer/duty' && method === 'POST') return json(200, this.signOn());
    if (path === '/officer/duty') return this.endDuty(), json(204, null);
    if (path === '/officer/messages') return this.take(body);
    if (path.startsWith('/officer/state')) return this.state();
    return html(404);
  }

  /** Somebody else took the unit, or this officer left it. */
  endDuty(): void {
    const duty = this.duties.get(this.standing ?? '');
    if (duty) duty.ended = true;
    this.standing = null;
  }

  /** A server that was rolled back. */
  forgetDuties = () => this.duties.clear();

  private signOn() {
    const username = this.signed_in ?? '';
    const mine = this.duties.get(this.standing ?? '');
    if (mine?.username !== username) {
      this.endDuty();
      this.duties_begun += 1;
      this.standing = `00000000-0000-4000-8000-${String(this.duties_begun).padStart(12, '0')}`;
      this.duties.set(this.standing, { username, ended: false });
    }
    return { duty_id: this.standing, unit_id: 'unit', unit_name: '北興-1' };
  }

  private take(body: Record<string, unknown>): Response {
    const [duty_id, boot] = [String(body['duty_id']), String(body['boot'])];
    if (this.duties.get(duty_id)?.username !== this.signed_in) return problem(409, 'no_duty', 'duty_id');
    const messages = body['messages'] as Sent[];
    if (messages.some((message) => message['note'] === 'unreadable')) return problem(422, 'validation', 'messages');
    for (const message of messages) {
      if (!this.messages.some((one) => one.boot === boot && one.seq === message.seq)) this.messages.push({ ...message, duty_id, boot });
    }
    return json(200, { acked: messages.at(-1)?.seq ?? 0, rejected: [] });
  }

  private state(): Response {
    if (this.standing === null || this.duties.get(this.standing)?.username !== this.signed_in) return problem(409, 'no_duty');
    return json(200, {
      duty_id: this.standing,
      clock_ms: this.true_ms(),
      available: true,
      sos_active: false,
      orders: this.orders,
      ended: [],
      notices: [],
      rejected: [],
      cameras: [],
      handled_up_to: 0,
      heard_up_to: 0,
    });
  }
}
