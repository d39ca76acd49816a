// The car's screen without an agent: presses and positions go into this browser's journal, from there to the server when
// there is a way. What the server last told is kept, and shown as old while there is none.
import { PressFailed, UNDO_WITHIN_S, type CarBackend, type CarState, type Fix, type StepPress, type Trouble } from '../backend';
import { streets, type Duty } from './calls';
import { compose } from './compose';
import type { Courier } from './courier';
import { depot } from './depot';
import { newId } from './new_id';
import type { KeptPress, Message } from './outbox';
import { watchPosition, worth } from './position';
import type { Trip } from './sender';
import { ServerLink, type Ends } from './server_link';
import { checkStep } from './step_rules';
import { health, keep, recall } from './storage';
import { Timers } from './timers';
import { troublesOf } from './troubles';

type Streets = GeoJSON.FeatureCollection<GeoJSON.LineString>;
const HELD_MS = UNDO_WITHIN_S * 1000;
const READ_KEPT = 200;

export class PwaBackend implements CarBackend {
  private read: string[] = [];
  private presses: KeptPress[] = [];
  private waiting = 0;
  private aside = 0;
  private fix: Fix | null = null;
  private fix_at = 0;
  private last_sent: Fix | null = null;
  private position_trouble: Trouble | null = null;
  private readonly began_ms = Date.now();
  private readonly listeners = new Set<(state: CarState | null, alive: boolean) => void>();
  private readonly timers = new Timers();
  private readonly link: ServerLink;
  private stops: (() => void)[] = [];

  constructor(
    private readonly courier: Courier,
    private readonly duty: Duty,
    ends: Ends,
  ) {
    this.link = new ServerLink(duty, ends, () => this.look());
  }

  /** Opens the journal, takes up what was held when the page went away, and begins to send, ask and watch. */
  async begin(): Promise<void> {
    const journal = await depot.openJournal(this.duty.duty_id, this.courier.username);
    this.read = (await recall<string[]>('read')) ?? [];
    await depot.letGo();
    await depot.tidy(this.duty.duty_id);
    await this.link.begin(journal);
    await this.look();
    void this.courier.send();
    const stopWatching = watchPosition((fix) => void this.measured(fix), (code) => {
      this.position_trouble = code && (this.position_trouble ?? { code, since_ms: Date.now() });
      this.tell();
    });
    this.stops = [stopWatching, health.watch(() => this.tell())];
  }

  end(): void {
    this.timers.end();
    this.link.end();
    for (const stop of this.stops) stop();
  }

  watch(listen: (state: CarState | null, alive: boolean) => void): () => void {
    this.listeners.add(listen);
    listen(this.state(), true);
    return () => this.listeners.delete(listen);
  }

  /** What the courier brings and takes changes what is shown. */
  async moved(trip: Trip | null): Promise<void> {
    if (trip) this.link.travelled(trip);
    await this.look();
  }

  async step(made: StepPress): Promise<void> {
    const order = this.state().orders.find(({ assignment_id }) => assignment_id === made.assignment_id);
    if (!checkStep(order, made.status)) return;
    const { assignment_id, status } = made;
    const press = this.press('status', { type: 'status', ...this.time(), ...made }, { assignment_id, status });
    await depot.letGo(); // the press before can't be taken back any more
    await depot.hold({ ...press, phase: 'held', held_until_ms: press.pressed_ms + HELD_MS }, this.courier.username);
    await this.look();
    this.timers.later(() => void this.letHeldGo(), HELD_MS);
  }

  async undo(press_id: string): Promise<void> {
    const undone = await depot.undo(press_id).catch((error: unknown) => {
      throw new PressFailed('storage', String(error));
    });
    if (!undone) throw new PressFailed('too_late', '');
    await this.look();
  }

  setAvailable = (available: boolean, reason?: string) =>
    this.now('availability', { type: 'availability', ...this.time(), available, ...(reason ? { reason } : {}) }, { available });

  sos(active: boolean): Promise<void> {
    const { fix } = this.state();
    const place = fix ? { lat: fix.lat, lon: fix.lon } : {};
    return this.now('sos', { type: 'sos', ...this.time(), active, ...place }, { active });
  }

  checkIn = (assignment_id: string) =>
    this.now('check_in', { type: 'check_in', ...this.time(), assignment_id }, { assignment_id });

  async markRead(notice_id: string): Promise<void> {
    this.read = [...this.read.filter((id) => id !== notice_id), notice_id].slice(-READ_KEPT);
    await keep('read', this.read);
    this.tell();
  }

  /** Those kept from before at once; the newest then wait for the next start. */
  async streets(): Promise<Streets | null> {
    const fresh = streets().then(async (found) => {
      await keep('streets', found);
      return found;
    });
    const none = fresh.catch(() => null);
    return (await recall<Streets>('streets')) ?? none;
  }

  /** The time of now as it is reported, corrected where the server says that this clock is wrong. */
  private time(): { time_ms: number; clock_ms?: number } {
    const clock_ms = Date.now();
    const { correction_ms } = this.link.clock;
    return correction_ms === 0 ? { time_ms: clock_ms } : { time_ms: clock_ms + correction_ms, clock_ms };
  }

  private press(kind: KeptPress['kind'], message: Message, about: Partial<KeptPress>): KeptPress {
    const pressed_ms = message.clock_ms ?? message.time_ms;
    return { press_id: newId(), kind, pressed_ms, phase: 'queued', ...about, duty_id: this.duty.duty_id, seq: null, message };
  }

  private async now(kind: KeptPress['kind'], message: Message, about: Partial<KeptPress>): Promise<void> {
    await depot.enter(this.press(kind, message, about), this.courier.username);
    await this.look();
    void this.courier.send();
  }

  private async letHeldGo(): Promise<void> {
    if (!(await depot.letGo())) this.timers.later(() => void this.letHeldGo(), HELD_MS);
    await this.look();
    await this.courier.send();
  }

  private async measured(said: Fix): Promise<void> {
    const fix = { ...said, time_ms: said.time_ms + this.link.clock.correction_ms };
    [this.fix, this.fix_at] = [fix, performance.now()];
    this.tell();
    if (!worth(fix, this.last_sent, this.state().orders.length > 0)) return;
    this.last_sent = fix;
    const known = Object.fromEntries(Object.entries(fix).filter(([, value]) => value !== null));
    const message: Message = { ...known, type: 'fix', time_ms: fix.time_ms, source: 'phone' };
    await depot.enterFix(this.duty.duty_id, this.courier.username, message);
    await this.look();
    void this.courier.send();
  }

  private async look(): Promise<void> {
    const { username } = this.courier;
    this.presses = await depot.pressesOf(this.duty.duty_id);
    this.waiting = (await depot.waiting()).reduce((sum, one) => sum + (one.username === username ? one.count : 0), 0);
    this.aside = (await depot.asideOf(username)).length;
    this.tell();
  }

  private state(): CarState {
    const { told, connected, word, clock, boot } = this.link;
    const is_old = !connected && told !== null && word !== 'connecting';
    return compose({
      unit_id: this.duty.unit_id,
      unit_name: this.duty.unit_name,
      told,
      connected,
      link: word,
      now_ms: Date.now(),
      offset_ms: clock.offset_ms,
      waiting: this.waiting,
      boot,
      sending: this.courier.sending,
      fix: this.fix,
      fix_age_ms: this.fix ? performance.now() - this.fix_at : null,
      presses: this.presses,
      read: this.read,
      troubles: troublesOf({
        old_since_ms: is_old ? told.at_ms : null,
        storage: health.trouble,
        position: this.position_trouble,
        clock_off: clock.correction_ms !== 0,
        unknown_duty: this.courier.unknown.size > 0,
        aside: this.aside > 0,
        began_ms: this.began_ms,
      }),
    });
  }

  private tell(): void {
    if (this.timers.ended) return;
    const state = this.state();
    for (const listen of this.listeners) listen(state, true);
  }
}
