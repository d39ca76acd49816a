// Who is on this page, on which unit, and what the page shows of it. Known over reloads, with or without a network.
import { NoAnswer, Refusal } from '../../lib/api/problem';
import { useCsrfToken } from '../../lib/api/request';
import { PressFailed, type Trouble } from '../backend';
import { Car } from '../car.svelte';
import { currentSession, endSession, leaveUnit, signIn, signOn, type Duty, type Session } from './calls';
import { Courier } from './courier';
import { depot, type Waiting } from './depot';
import { PwaBackend } from './pwa_backend';
import type { Trip } from './sender';
import { forget, health, keep, recall } from './storage';

const ASK_AGAIN_MS = 2_000;

export type Phase = 'starting' | 'signed_out' | 'no_unit' | 'on_duty';

export class Officer {
  phase = $state<Phase>('starting');
  username = $state<string | null>(null);
  car = $state.raw<Car | null>(null);
  /** The session is over while the duty stands: what is pressed waits until somebody signs in again. */
  expired = $state(false);
  /** What waits on this phone, of this officer and of others. */
  waiting = $state.raw<Waiting[]>([]);
  /** Duties of this officer of which the server knows nothing. */
  unknown = $state.raw<ReadonlySet<string>>(new Set());
  /** Something was set aside, because the server can't read it. */
  aside = $state(false);
  storage = $state.raw<Trouble | null>(null);
  private courier: Courier | null = null;
  private backend: PwaBackend | null = null;
  private duty: Duty | null = null;

  async begin(): Promise<void> {
    navigator.storage?.persist?.().catch(() => false);
    health.watch(() => (this.storage = health.trouble));
    document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && void this.putAway());
    addEventListener('pagehide', () => void this.putAway());
    this.username = (await recall<string>('username')) ?? null;
    const duty = await recall<Duty>('duty');
    await depot.letGo();
    if (this.username) this.engage(this.username);
    if (this.username && duty) await this.take(duty);
    await this.count();
    await this.know();
  }

  /** Throws Refusal (wrong name or password, not an officer) or NoAnswer. */
  async signIn(username: string, password: string): Promise<void> {
    const session = await signIn(username, password);
    useCsrfToken(session.csrf_token);
    if (session.role !== 'officer') {
      await endSession();
      throw new Refusal(403, 'not_an_officer', '');
    }
    await this.enter(session);
  }

  /** Throws Refusal `unit_held` where another officer is on it and `take_over` is false. */
  async choose(unit_id: string, take_over: boolean): Promise<void> {
    const duty = await signOn(unit_id, take_over);
    await keep('duty', duty);
    await this.take(duty);
  }

  /** Leaves the unit, once all that was pressed is with the server. Throws PressFailed where there is no way. */
  async leave(): Promise<void> {
    await depot.letGo();
    await this.courier?.send();
    await this.count();
    // What the server knows no duty of would hold the officer for ever; it stays on the phone, and goes when it can.
    const going = this.waiting.filter(({ username, duty_id }) => username === this.username && !this.unknown.has(duty_id));
    if (going.length > 0) throw new PressFailed('still_waiting', '');
    await leaveUnit();
    await this.dutyOver();
  }

  /** Nothing of this officer stays on the phone but what the server would not take. */
  async signOut(): Promise<void> {
    await this.leave();
    await endSession();
    if (this.username) await depot.forgetOf(this.username);
    await forget('username');
    this.courier?.end();
    this.courier = null;
    this.username = null;
    this.phase = 'signed_out';
    await this.count();
  }

  /** Asks who is signed in, until the server says so or says nobody. */
  private async know(): Promise<void> {
    try {
      await this.enter(await currentSession());
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) this.signedOut();
      else if (error instanceof Refusal || error instanceof NoAnswer) setTimeout(() => void this.know(), ASK_AGAIN_MS);
      else throw error;
      if (this.phase === 'starting') this.phase = this.username ? 'no_unit' : 'signed_out';
    }
  }

  private async enter(session: Session): Promise<void> {
    useCsrfToken(session.csrf_token);
    if (session.role !== 'officer') return this.signedOut();
    if (this.username !== session.username) {
      this.courier?.end();
      await this.dutyOver();
    }
    this.username = session.username;
    await keep('username', session.username);
    this.expired = false;
    this.engage(session.username);
    if (!this.duty) this.phase = 'no_unit';
    void this.courier?.send();
  }

  /** What waits is each officer's own: never sent in another's name, and not lost when another signs in. */
  private engage(username: string): void {
    if (this.courier?.username === username) return;
    this.courier?.end();
    this.courier = new Courier(username, {
      moved: (trip) => this.moved(trip),
      signedOut: () => this.signedOut(),
      needCsrf: () => this.prove(),
    });
  }

  /** A page that started without a network has no token yet; another page of this browser may have changed officers. */
  private async prove(): Promise<void> {
    const session = await currentSession();
    useCsrfToken(session.csrf_token);
    if (session.username !== this.username) await this.enter(session);
  }

  private async take(duty: Duty): Promise<void> {
    if (!this.courier) return;
    this.backend?.end();
    this.duty = duty;
    this.backend = new PwaBackend(this.courier, duty, {
      signedOut: () => this.signedOut(),
      dutyOver: () => void this.dutyOver(),
    });
    await this.backend.begin();
    this.car = new Car(this.backend);
    this.phase = 'on_duty';
  }

  private async moved(trip: Trip | null): Promise<void> {
    if (trip === 'sent') await depot.tidy(this.duty?.duty_id ?? null);
    await this.backend?.moved(trip);
    await this.count();
  }

  private async count(): Promise<void> {
    this.waiting = await depot.waiting();
    this.unknown = this.courier?.unknown ?? new Set();
    this.aside = this.username !== null && (await depot.asideOf(this.username)).length > 0;
  }

  /** A phone that is put into a pocket may not run again for hours: nothing is held back any more. */
  private async putAway(): Promise<void> {
    await depot.letGo();
    await this.backend?.moved(null);
    await this.courier?.leaving();
  }

  private signedOut(): void {
    if (this.duty) this.expired = true;
    else this.phase = 'signed_out';
  }

  /** Another officer has the unit, or this one left it: nothing of its work is shown any more. What was pressed goes on. */
  private async dutyOver(): Promise<void> {
    this.backend?.end();
    this.backend = null;
    this.duty = null;
    this.car = null;
    this.expired = false;
    await depot.letGo();
    for (const name of ['duty', 'told', 'read']) await forget(name);
    this.phase = this.username ? 'no_unit' : 'signed_out';
    await this.count();
    void this.courier?.send();
  }
}

export const officer = new Officer();
