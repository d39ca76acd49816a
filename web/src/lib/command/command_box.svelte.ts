// The state of the open line: text, cursor, what it means, what it may become, and what came of the last one.
import { candidatesFor, incident as readIncident } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import type { Candidate, Incident, Role } from '../api/types';
import { live } from '../feed/live.svelte';
import { detailOf, goTo, labelOf, type Found } from '../find/find';
import { desk } from '../shell/desk.svelte';
import { VIEWS, viewsOf } from '../shell/views';
import { failureText } from '../text/failure';
import { language } from '../text/language.svelte';
import { LOCALES, TEXTS } from '../text/texts';
import { isoDay } from '../time/format';
import { serverTime } from '../time/now.svelte';
import { complete, type Completion } from './complete';
import type { Context } from './context';
import { lineHistory } from './line_history';
import { parse, type Parsed } from './parse';
import { preview, type Preview } from './preview';
import { run, type Outcome } from './run';
import { worded } from './said';
import { undoStack } from './undo.svelte';

/** Typing pauses for so long before the server is asked who could go. */
const PAUSE_MS = 120;
/** Units move and are sent elsewhere: what is recommended is asked for again while the line stands. */
const AGAIN_MS = 5_000;
const NOTHING: Completion = { from: 0, to: 0, options: [] };

export class CommandBox {
  line = $state('');
  cursor = $state(0);
  /** The option that the arrow keys are on; -1 where none is. */
  active = $state(-1);
  busy = $state(false);
  /** What was found, where one of several is meant. */
  found = $state.raw<readonly Found[]>([]);
  /** Why the line was refused; gone with the next letter. */
  failure = $state('');
  private candidates = $state.raw<{ of: string; items: readonly Candidate[] } | null>(null);
  private ended = $state.raw<Incident | null>(null);
  private reading = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly role: () => Role) {}

  readonly context = $derived.by((): Context => ({
    role: this.role(),
    locale: language.locale,
    units: [...live.units.values()],
    incidents: [...live.incidents.values()],
    chosen: (desk.incident_id ? live.incidents.get(desk.incident_id) : undefined) ?? null,
    ended: this.ended?.id === desk.incident_id && this.ended?.state !== 'open' ? this.ended : null,
    today: isoDay(serverTime.now_ms).replaceAll('-', ''),
    views: viewsOf(this.role()).map((id) => ({ id, names: [id, ...LOCALES.map((one) => TEXTS[one][VIEWS[id].title])] })),
  }));
  readonly parsed: Parsed = $derived(parse(this.line, this.context));
  readonly completion: Completion = $derived(
    this.found.length ? NOTHING : complete(this.line, this.cursor, this.context),
  );
  /** The incident to which somebody is about to be sent. */
  readonly sendsTo = $derived(
    this.parsed.state === 'ready' && this.parsed.command.id === 'assign' ? (this.parsed.values.incident?.id ?? null) : null,
  );
  readonly preview: Preview | null = $derived(
    preview(this.parsed, this.candidates && this.candidates.of === this.sendsTo ? this.candidates.items : null, undoStack.last()),
  );
  readonly options = $derived(
    this.found.length
      ? this.found.map((one) => ({ shown: labelOf(one), hint: Object.values(detailOf(one)).filter(Boolean).join(' · ') }))
      : this.completion.options.map(({ shown, hint }) => ({ shown, hint: hint ? worded(hint, language.locale) : '' })),
  );

  typed(line: string, cursor: number): void {
    if (line !== this.line) {
      this.failure = '';
      this.found = [];
      lineHistory.leave();
    }
    this.line = line;
    this.cursor = cursor;
    this.active = -1;
  }

  /** Asks who could go to the incident of the line, once typing pauses. To be called where `sendsTo` changed. */
  ask(): () => void {
    const of = this.sendsTo;
    if (of) this.timer = setTimeout(() => void this.read(of), PAUSE_MS);
    return () => {
      this.reading += 1;
      clearTimeout(this.timer);
    };
  }

  private async read(of: string): Promise<void> {
    const number = ++this.reading;
    try {
      const items = await candidatesFor(of);
      if (number === this.reading) this.candidates = { of, items };
    } catch (error) {
      // The line says what it can without them.
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
    }
    if (number === this.reading) this.timer = setTimeout(() => void this.read(of), AGAIN_MS);
  }

  /** The live picture holds open incidents alone; one that has ended and is looked at is read, for a note on it. */
  async readEnded(id: string): Promise<void> {
    try {
      this.ended = await readIncident(id);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
    }
  }

  move(step: 1 | -1): void {
    if (step < 0 && this.active < 0) this.recall(lineHistory.older());
    else if (step > 0 && this.active < 0 && lineHistory.browsing) this.recall(lineHistory.newer());
    else this.active = Math.min(this.options.length - 1, Math.max(-1, this.active + step));
  }

  private recall(line: string | null): void {
    if (line === null) return;
    this.line = line;
    this.cursor = line.length;
    this.failure = '';
    this.found = [];
  }

  /** Puts an option into the line; false where there is none. */
  accept(index: number): boolean {
    const { from, to, options } = this.completion;
    const option = options[Math.max(0, index)];
    if (!option) return false;
    const before = this.line.slice(0, from) + option.insert;
    this.line = before + this.line.slice(to).replace(/^\s+/, '');
    this.cursor = before.length;
    this.active = -1;
    this.failure = '';
    return true;
  }

  /** What Enter does. Null where the line stays open: refused, or several things were found. */
  async enter(): Promise<Outcome | null> {
    const chosen = this.found[Math.max(0, this.active)];
    if (chosen) {
      goTo(chosen);
      return { says: { key: 'command_did_find', values: { text: labelOf(chosen) } } };
    }
    if (this.active >= 0) {
      this.accept(this.active);
      return null;
    }
    const { parsed } = this;
    if (parsed.state === 'empty' || this.busy) return null;
    if (parsed.state === 'wrong' || this.preview?.wrong) {
      this.failure = this.preview ? worded(this.preview.says, language.locale) : '';
      return null;
    }
    return this.carryOut(parsed);
  }

  private async carryOut(ready: Parsed & { state: 'ready' }): Promise<Outcome | null> {
    this.busy = true;
    try {
      const outcome = await run(ready);
      lineHistory.add(this.line.trim());
      this.found = outcome.choose ?? [];
      this.active = this.found.length ? 0 : -1;
      if (outcome.wrong) this.failure = worded(outcome.says, language.locale);
      return outcome.wrong || outcome.choose ? null : outcome;
    } catch (error) {
      this.failure = failureText(error);
      return null;
    } finally {
      this.busy = false;
    }
  }
}
