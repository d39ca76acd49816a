// The car's screen without an agent: presses and positions go into this browser's journal, from there to the server when
// there is a way. What the server last told is kept, and shown as old while there is none.
import { PressFailed, UNDO_WITHIN_S, type CarBackend, type CarState, type Fix, type StepPress, type Trouble } from '../backend';
import { streets, type Duty } from './calls';
import { compose } from './compose';
import { keep, recall } from './database';
import { enter, enterFix, hold, letGo, openJournal, pressesOf, tidy, undo, waiting, type KeptPress, type Message } from './outbox';
import { watchPosition, worth } from './position';
import { ServerLink, type Ends } from './server_link';
import { checkStep } from './step_rules';
import { Timers } from './timers';

type Streets = GeoJSON.FeatureCollection<GeoJSON.LineString>;
/** A clock that is off by less is right: the answer's own way takes as long. */
const CLOCK_OFF_MS = 2_000;
const READ_KEPT = 200;

export class PwaBackend implements CarBackend {
  private read: string[] = [];
  private presses: KeptPress[] = [];
  private waiting = 0;
  private fix: Fix | null = null;
  private fix_at = 0;
  private last_sent: Fix | null = null;
  private position_trouble: Trouble | null = null;
  private storage_trouble: Trouble | null = null;
  private readonly listeners = new Set<(state: CarState | null, alive: boolean) => void>();
  private readonly timers = new Timers();
  private readonly link: ServerLink;
  private stopWatching: () => void = () => undefined;

  constructor(
    private readonly username: string,
    private readonly duty: Duty,
    ends: Ends,
  ) {
    this.link = new ServerLink(username, duty, ends, () => this.look(), (error) => this.cannotKeep(error));
  }

  /** Opens the journal, takes up what was held when the page went away, and begins to send, ask and watch. */
  async begin(): Promise<void> {
    const journal = await openJournal(this.duty.duty_id, this.username);
    this.read = (await recall<string[]>('read')) ?? [];
    await letGo();
    await tidy(this.duty.duty_id);
    await this.link.begin(journal);
    await this.look();
    this.stopWatching = watchPosition((fix) => void this.measured(fix), (code) => {
      this.position_trouble = code && (this.position_trouble ?? { code, since_ms: Date.now() });
      this.tell();
    });
  }

  end(): void {
    this.timers.end();
    this.link.end();
    this.stopWatching();
  }

  watch(listen: (state: CarState | null, alive: boolean) => void): () => void {
    this.listeners.add(listen);
    listen(this.state(), true);
    return () => this.listeners.delete(listen);
  }

  async step(made: StepPress): Promise<void> {
    const order = this.state().orders.find(({ assignment_id }) => assignment_id === made.assignment_id);
    if (!checkStep(order, made.status)) return;
    const { assignment_id, status } = made;
    const press = this.press('status', { type: 'status', ...this.time(), ...made }, { assignment_id, status });
    const held_until_ms = press.pressed_ms + UNDO_WITHIN_S * 1000;
    await this.safely(async () => {
      await letGo(); // the press before can't be taken back any more
      await hold({ ...press, phase: 'held', held_until_ms });
    });
    this.timers.later(() => void this.letHeldGo().catch((error: unknown) => this.cannotKeep(error)), UNDO_WITHIN_S * 1000);
  }

  async undo(press_id: string): Promise<void> {
    if (!(await undo(press_id))) throw new PressFailed('too_late', '');
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
    await this.safely(() => keep('read', this.read));
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

  /** Sends what waits; false where something still does. */
  async flush(): Promise<boolean> {
    await this.letHeldGo();
    await this.look();
    return this.waiting === 0;
  }

  /** The time of now as it is reported, corrected where the server says that this clock is wrong. */
  private time(): { time_ms: number; clock_ms?: number } {
    const clock_ms = Date.now();
    const { offset_ms } = this.link;
    const is_right = offset_ms === null || Math.abs(offset_ms) <= CLOCK_OFF_MS;
    return is_right ? { time_ms: clock_ms } : { time_ms: clock_ms + offset_ms, clock_ms };
  }

  private press(kind: KeptPress['kind'], message: Message, about: Partial<KeptPress>): KeptPress {
    const pressed_ms = message.clock_ms ?? message.time_ms;
    return { press_id: crypto.randomUUID(), kind, pressed_ms, phase: 'queued', ...about, duty_id: this.duty.duty_id, seq: null, message };
  }

  private async now(kind: KeptPress['kind'], message: Message, about: Partial<KeptPress>): Promise<void> {
    await this.safely(() => enter(this.press(kind, message, about)));
    void this.link.send();
  }

  private async letHeldGo(): Promise<void> {
    await letGo();
    await this.look();
    await this.link.send();
  }

  private async measured(said: Fix): Promise<void> {
    const { time_ms } = this.time();
    const fix = { ...said, time_ms: said.time_ms + time_ms - Date.now() };
    [this.fix, this.fix_at] = [fix, performance.now()];
    this.tell();
    if (!worth(fix, this.last_sent, this.state().orders.length > 0)) return;
    this.last_sent = fix;
    const known = Object.fromEntries(Object.entries(fix).filter(([, value]) => value !== null));
    try {
      await enterFix(this.duty.duty_id, { ...known, type: 'fix', time_ms: fix.time_ms, source: 'phone' });
    } catch (error) {
      return this.cannotKeep(error);
    }
    await this.look();
    void this.link.send();
  }

  /** A press that this browser can't keep was not taken, and the crew is told so. */
  private async safely(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.storage_trouble = null;
      await this.look();
    } catch (error) {
      this.cannotKeep(error);
      throw new PressFailed('storage', String(error));
    }
  }

  private cannotKeep(error: unknown): void {
    this.storage_trouble ??= { code: 'storage', since_ms: Date.now(), detail: String(error) };
    this.tell();
  }

  private async look(): Promise<void> {
    this.presses = await pressesOf(this.duty.duty_id);
    this.waiting = await waiting(this.username);
    this.tell();
  }

  private state(): CarState {
    const { told, connected, word, offset_ms, sending_up_to } = this.link;
    const is_old = !connected && told !== null && word !== 'connecting';
    const old = is_old ? { code: 'old_state', since_ms: told.at_ms } : null;
    return compose({
      unit_id: this.duty.unit_id,
      unit_name: this.duty.unit_name,
      told,
      connected,
      link: word,
      now_ms: Date.now(),
      offset_ms,
      waiting: this.waiting,
      sending_up_to,
      fix: this.fix,
      fix_age_ms: this.fix ? performance.now() - this.fix_at : null,
      presses: this.presses,
      read: this.read,
      troubles: [old, this.storage_trouble, this.position_trouble].filter((trouble) => trouble !== null),
    });
  }

  private tell(): void {
    if (this.timers.ended) return;
    const state = this.state();
    for (const listen of this.listeners) listen(state, true);
  }
}
