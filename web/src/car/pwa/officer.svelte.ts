// Who is on this page, on which unit, and what the page shows of it. Known over reloads, with or without a network.
import { NoAnswer, Refusal } from '../../lib/api/problem';
import { useCsrfToken } from '../../lib/api/request';
import { PressFailed } from '../backend';
import { Car } from '../car.svelte';
import { currentSession, endSession, leaveUnit, signIn, signOn, type Duty, type Session } from './calls';
import { forget, keep, recall } from './database';
import { PwaBackend } from './pwa_backend';

const ASK_AGAIN_MS = 2_000;

export type Phase = 'starting' | 'signed_out' | 'no_unit' | 'on_duty';

class Officer {
  phase = $state<Phase>('starting');
  username = $state<string | null>(null);
  car = $state.raw<Car | null>(null);
  /** The session is over while the duty stands: what is pressed waits until somebody signs in again. */
  expired = $state(false);
  private backend: PwaBackend | null = null;
  private duty: Duty | null = null;

  async begin(): Promise<void> {
    void navigator.storage?.persist?.();
    this.username = (await recall<string>('username')) ?? null;
    const duty = await recall<Duty>('duty');
    if (this.username && duty) await this.take(duty);
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
    if (this.backend && !(await this.backend.flush())) throw new PressFailed('still_waiting', '');
    await leaveUnit();
    await this.dutyOver();
  }

  async signOut(): Promise<void> {
    await this.leave();
    await endSession();
    await forget('username');
    this.username = null;
    this.phase = 'signed_out';
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
    if (this.username !== session.username) await this.dutyOver();
    this.username = session.username;
    await keep('username', session.username);
    this.expired = false;
    if (this.duty) void this.backend?.flush();
    else this.phase = 'no_unit';
  }

  private async take(duty: Duty): Promise<void> {
    this.backend?.end();
    this.duty = duty;
    this.backend = new PwaBackend(this.username ?? '', duty, {
      signedOut: () => this.signedOut(),
      dutyOver: () => void this.dutyOver(),
      needCsrf: async () => useCsrfToken((await currentSession()).csrf_token),
    });
    await this.backend.begin();
    this.car = new Car(this.backend);
    this.phase = 'on_duty';
  }

  private signedOut(): void {
    if (this.duty) this.expired = true;
    else this.phase = 'signed_out';
  }

  /** Another officer has the unit, or this one left it: nothing of its work is shown any more. */
  private async dutyOver(): Promise<void> {
    this.backend?.end();
    this.backend = null;
    this.duty = null;
    this.car = null;
    for (const name of ['duty', 'told', 'read']) await forget(name);
    this.phase = this.username ? 'no_unit' : 'signed_out';
  }
}

export const officer = new Officer();
