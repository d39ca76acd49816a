// Where presses and positions wait: on the disk; what the disk refuses in memory, under a journal of its own, so that it is
// sent all the same while the page lives. The screen says so (`storage`).
import { diskRun } from './database';
import { memoryRun } from './memory';
import { Outbox, type Aside, type Batch, type KeptPress, type Message } from './outbox';
import { health } from './storage';

export interface Waiting {
  username: string;
  duty_id: string;
  count: number;
}

class Depot {
  private readonly disk = new Outbox(diskRun);
  private readonly memory = new Outbox(memoryRun());

  /** The journal that the server is asked about. */
  openJournal = (duty_id: string, username: string) => this.either((outbox) => outbox.openJournal(duty_id, username));
  hold = (press: KeptPress, username: string) => this.put(press.duty_id, username, (outbox) => outbox.hold(press));
  enterFix = (duty_id: string, username: string, message: Message) =>
    this.put(duty_id, username, (outbox) => outbox.enterFix(duty_id, message));

  /** Behind those that were held. */
  async enter(press: KeptPress, username: string): Promise<void> {
    await this.letGo();
    await this.put(press.duty_id, username, (outbox) => outbox.enter(press));
  }

  /** Throws where the disk does not let go of it. */
  async undo(press_id: string): Promise<boolean> {
    return (await this.memory.undo(press_id)) || this.disk.undo(press_id);
  }

  /** Every held press goes on its way; false where one has to wait until the disk takes it. */
  async letGo(): Promise<boolean> {
    await this.memory.letGo();
    return this.tried(this.disk.letGo().then(() => true), false);
  }

  /** The disk's first, in order; but nobody who calls for help waits behind what is old. */
  async nextBatch(username: string, limit: number, but: ReadonlySet<string>): Promise<Batch | null> {
    const unkept = await this.memory.nextBatch(username, limit, but);
    if (unkept?.messages.some(({ type }) => type === 'sos')) return unkept;
    return (await this.tried(this.disk.nextBatch(username, limit, but), null)) ?? unkept;
  }

  acknowledged = ({ outbox, journal }: Batch, acked: number, refused: ReadonlySet<number>) =>
    this.tried(outbox.acknowledged(journal, acked, refused), undefined);
  setAside = (batch: Batch, code: string) => this.tried(batch.outbox.setAside(batch, code), undefined);

  async waiting(): Promise<Waiting[]> {
    return [...(await this.tried(this.disk.waiting(), [])), ...(await this.memory.waiting())];
  }

  /** Whether something is in this page alone, and would go with it. */
  async isUnkept(): Promise<boolean> {
    return (await this.memory.waiting()).length > 0;
  }

  async asideOf(username: string): Promise<Aside[]> {
    return [...(await this.tried(this.disk.asideOf(username), [])), ...(await this.memory.asideOf(username))];
  }

  async pressesOf(duty_id: string): Promise<KeptPress[]> {
    const unkept = await this.memory.pressesOf(duty_id);
    const kept = await this.tried(this.disk.pressesOf(duty_id), []);
    return unkept.length > 0 ? [...kept, ...unkept].sort((a, b) => a.pressed_ms - b.pressed_ms) : kept;
  }

  tidy = (standing: string | null) => this.both((outbox) => outbox.tidy(standing));
  forgetOf = (username: string) => this.both((outbox) => outbox.forgetOf(username));

  private put(duty_id: string, username: string, work: (outbox: Outbox) => Promise<void>): Promise<void> {
    return this.either(async (outbox) => {
      if (outbox === this.memory) await outbox.openJournal(duty_id, username);
      await work(outbox);
    });
  }

  private async either<T>(work: (outbox: Outbox) => Promise<T>): Promise<T> {
    try {
      const done = await work(this.disk);
      if (!(await this.isUnkept())) health.worked();
      return done;
    } catch (error) {
      health.failed(error);
      return work(this.memory);
    }
  }

  private async both(work: (outbox: Outbox) => Promise<void>): Promise<void> {
    await this.tried(work(this.disk), undefined);
    await work(this.memory);
  }

  private async tried<T>(work: Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work;
    } catch (error) {
      health.failed(error);
      return otherwise;
    }
  }
}

export const depot = new Depot();
