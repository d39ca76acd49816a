// One edit of one incident, from the first key to the answer: what was typed, what others did meanwhile, what is sent.
import { NoAnswer, Refusal } from '../../api/problem';
import { request } from '../../api/request';
import type { IncidentDetail, TimelineEvent } from '../../api/types';
import { failureText } from '../../text/failure';
import { dropDraft, keepDraft, readDraft } from './draft';
import { changedFields, toChange, valuesOf, type EditValues, type Field } from './fields';
import { decide, merge, type Theirs } from './three_way';

export class Editing {
  private base: EditValues = $state.raw() as EditValues;
  mine: EditValues = $state.raw() as EditValues;
  private theirs: EditValues = $state.raw() as EditValues;
  private version: number;
  /** What others changed since the form was opened, newest last; taken over already. */
  taken = $state.raw<Theirs[]>([]);
  /** What others changed and this desk as well: to be decided before anything is sent. */
  conflicts = $state.raw<Theirs[]>([]);
  busy = $state(false);
  failure = $state('');
  asksOutside = $state(false);
  wrong = $state.raw<Record<string, string>>({});
  readonly changed = $derived(changedFields(this.base, this.mine));

  /** `complete`: the version that `now` was last read whole with, callers included. */
  constructor(
    private readonly id: string,
    now: IncidentDetail,
    complete: number,
  ) {
    const held = readDraft(sessionStorage, id);
    this.base = held?.base ?? valuesOf(now);
    this.mine = held?.mine ?? this.base;
    this.version = held?.version ?? complete;
    this.theirs = this.base;
    this.meet(now, complete);
  }

  /** The incident is like this now: takes over what was not touched here, and lays the rest side by side. */
  meet(now: IncidentDetail, complete: number): void {
    if (complete < this.version) return;
    this.theirs = valuesOf(now);
    // Sent with what was seen whole: the server refuses what else came between.
    this.version = complete;
    this.apply(now.timeline);
  }

  private apply(events: readonly TimelineEvent[]): void {
    const { base, mine, taken, conflicts } = merge(this.base, this.mine, this.theirs, events);
    const again = new Set(taken.map(({ field }) => field));
    this.base = base;
    this.mine = mine;
    if (taken.length) this.taken = [...this.taken.filter(({ field }) => !again.has(field)), ...taken];
    this.conflicts = conflicts;
    this.keep();
  }

  change(change: Partial<EditValues>): void {
    this.mine = { ...this.mine, ...change };
    if (this.mine.category !== 'traffic_accident' && this.mine.accident_class) {
      this.mine = { ...this.mine, accident_class: null };
    }
    // What is typed into a field in conflict may settle it, or be given up.
    const fields = new Set(Object.keys(change));
    if (this.conflicts.some(({ field }) => fields.has(field))) this.apply([]);
    this.keep();
  }

  decide(field: Field, keep: 'mine' | 'theirs'): void {
    const { base, mine } = decide({ base: this.base, mine: this.mine }, field, this.theirs, keep);
    this.base = base;
    this.mine = mine;
    this.conflicts = this.conflicts.filter((one) => one.field !== field);
    this.keep();
  }

  /** The incident as the server has it then; null where it was not taken, with the reason in this object. */
  async send(confirm_outside: boolean, readAgain: () => Promise<void>): Promise<IncidentDetail | null> {
    if (this.busy || this.conflicts.length) return null;
    this.busy = true;
    this.failure = '';
    this.wrong = {};
    try {
      const body = { ...toChange(this.base, this.mine, this.version), confirm_outside };
      const answer = await request<IncidentDetail>('PATCH', `/incidents/${this.id}`, { body });
      this.forget();
      return answer;
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      this.asksOutside = error instanceof Refusal && error.code === 'outside_area';
      if (!this.asksOutside) this.failure = failureText(error);
      if (error instanceof Refusal) {
        this.wrong = Object.fromEntries(error.members.map(({ member, reason }) => [member, reason]));
        if (error.status === 409) await readAgain();
      }
      return null;
    } finally {
      this.busy = false;
    }
  }

  forget(): void {
    dropDraft(sessionStorage, this.id);
  }

  private keep(): void {
    if (this.changed.length || this.conflicts.length) {
      keepDraft(sessionStorage, this.id, { base: this.base, mine: this.mine, version: this.version });
    } else this.forget();
  }
}
