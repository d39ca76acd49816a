// A line becomes a command with its arguments, or a sentence that says what to do. Pure: the table and a context in.
import type { Incident, Mode, Unit } from '../api/types';
import type { View } from '../shell/views';
import { LOCALES, TEXTS, textIn } from '../text/texts';
import { MODES, type Context } from './context';
import { restOf, wordsOf, type Word } from './line';
import { endOfNumber, fits, incidentNumbered, looksLikeNumber, unitNamed } from './named_things';
import { said, type Said } from './said';
import { COMMANDS, commandsOf, type Argument, type Command } from './table';

export interface Values {
  unit?: Unit;
  incident?: Incident;
  text?: string;
  mode?: Mode;
  view?: View;
}
export type Ready = { state: 'ready'; command: Command; values: Values };
export type Parsed = { state: 'empty' } | { state: 'wrong'; wrong: Said; command: Command | null } | Ready;

/** The words that need no space behind them. */
export const GLUED = COMMANDS.flatMap(({ zh }) => zh);

export function commandNamed(word: string, context: Context): Command | null {
  const wanted = word.toLowerCase();
  const named = ({ en, zh }: Command) => en.includes(wanted) || zh.includes(word);
  return commandsOf(context.role).find(named) ?? null;
}

/** How a command is typed: its word and its arguments, as the help sheet has it. */
export function usage(command: Command, locale: Context['locale']): string {
  const word = locale === 'en' ? command.en[0] : command.zh[0];
  return [word, ...command.takes.map((argument) => placeholder(argument, locale))].join(' ');
}

function placeholder(argument: Argument, locale: Context['locale']): string {
  const name = textIn(locale, argument.kind === 'text' ? argument.name : `argument_${argument.kind}`);
  const optional = (argument.kind === 'incident' && argument.chosen) || (argument.kind === 'text' && !argument.must);
  return optional ? `[${name}]` : name;
}

export const viewNamed = (word: string, context: Context): View | null =>
  context.views.find(({ names }) => names.some((name) => name.toLowerCase() === word.toLowerCase()))?.id ??
  context.views.find(({ names }) => names.some((name) => name.toLowerCase().startsWith(word.toLowerCase())))?.id ??
  null;

/** By its code, or by its name in either language. */
export const modeNamed = (word: string): Mode | null =>
  MODES.find((mode) => mode === word.toLowerCase() || LOCALES.some((locale) => TEXTS[locale][`mode_${mode}`] === word)) ??
  MODES.find((mode) => LOCALES.some((locale) => TEXTS[locale][`mode_${mode}`].toLowerCase().startsWith(word.toLowerCase()))) ??
  null;

class Wrong {
  constructor(readonly what: Said) {}
}

/** Takes the arguments off the words one after the other; the first that can't be understood ends it. */
class Reading {
  readonly values: Values = {};
  private next = 1;

  constructor(
    private readonly line: string,
    private readonly words: readonly Word[],
    private readonly command: Command,
    private readonly context: Context,
  ) {}

  all(): Wrong | null {
    for (const argument of this.command.takes) {
      const wrong = this.take(argument);
      if (wrong) return wrong;
    }
    const [extra] = this.words.slice(this.next);
    return extra ? this.wrong('too_much', { word: extra.text }) : null;
  }

  private take(argument: Argument): Wrong | null {
    const word = this.words[this.next];
    switch (argument.kind) {
      case 'unit':
        return this.unit(word, argument);
      case 'incident':
        return this.incident(word, argument);
      case 'text':
        return this.text(word, argument);
      case 'mode':
        return this.put('mode', word && modeNamed(word.text), word);
      case 'view':
        return this.put('view', word && viewNamed(word.text, this.context), word);
    }
  }

  private put<K extends 'mode' | 'view'>(name: K, value: Values[K] | null | undefined, word?: Word): Wrong | null {
    if (!value) return this.wrong(word ? `no_${name}` : 'missing', { word: word?.text ?? '' });
    this.values[name] = value;
    this.next += 1;
    return null;
  }

  private unit(word: Word | undefined, { which }: Argument & { kind: 'unit' }): Wrong | null {
    if (!word) return this.wrong('missing');
    const { units } = this.context;
    const fitting = unitNamed(word.text, units.filter((unit) => fits(unit, which)));
    if ('one' in fitting) {
      this.values.unit = fitting.one;
      this.next += 1;
      return null;
    }
    if ('many' in fitting) {
      const names = fitting.many.slice(0, 4).map(({ name }) => name).join('、');
      return this.wrong('many_units', { word: word.text, names });
    }
    const other = unitNamed(word.text, units);
    if ('one' in other && which !== 'any') return this.wrong(`unit_not_${which}`, { unit: other.one.name });
    return this.wrong('no_unit', { word: word.text });
  }

  private incident(word: Word | undefined, { chosen, ended }: Argument & { kind: 'incident' }): Wrong | null {
    if (word && !word.quoted && looksLikeNumber(word.text)) {
      const numbered = incidentNumbered(word.text, this.context.incidents, this.context.today);
      if ('none' in numbered) return this.wrong('no_incident', { word: word.text });
      if ('many' in numbered) {
        const names = numbered.many.slice(0, 4).map(({ number }) => number).join('、');
        return this.wrong('many_incidents', { word: word.text, names });
      }
      this.values.incident = numbered.one;
      this.next += 1;
      return null;
    }
    const looked = this.context.chosen ?? (ended ? this.context.ended : null);
    if (chosen && looked) {
      this.values.incident = looked;
      return null;
    }
    if (chosen && this.context.ended) return this.wrong('ended', { number: endOfNumber(this.context.ended.number) });
    return this.wrong(chosen ? 'missing_incident' : 'missing');
  }

  private text(word: Word | undefined, { must, limit, usual }: Argument & { kind: 'text' }): Wrong | null {
    const given = restOf(this.line, word);
    this.next = this.words.length;
    if (!given) return must ? this.wrong(usual.length ? 'missing_reason' : 'missing') : null;
    if (given.length > limit) return this.wrong('too_long', { limit, length: given.length });
    this.values.text = given;
    return null;
  }

  private wrong(what: WrongCode, values: Said['values'] = {}): Wrong {
    return new Wrong(said(`command_wrong_${what}`, { usage: usage(this.command, this.context.locale), ...values }));
  }
}

type WrongCode =
  | 'too_much'
  | 'missing'
  | 'missing_reason'
  | 'missing_incident'
  | 'ended'
  | 'no_unit'
  | 'many_units'
  | 'unit_not_busy'
  | 'unit_not_on_patrol'
  | 'unit_not_off_patrol'
  | 'no_incident'
  | 'many_incidents'
  | 'no_mode'
  | 'no_view'
  | 'too_long';

export function parse(line: string, context: Context): Parsed {
  const words = wordsOf(line, GLUED);
  const [first] = words;
  if (!first) return { state: 'empty' };
  const command = commandNamed(first.text, context);
  if (!command) return { state: 'wrong', wrong: said('command_wrong_unknown', { word: first.text }), command };
  const reading = new Reading(line, words, command, context);
  const wrong = reading.all();
  return wrong ? { state: 'wrong', wrong: wrong.what, command } : { state: 'ready', command, values: reading.values };
}

/** "12 (…-0012)": which incident is meant, for a sentence. */
export const numberOf = (values: Values): string => endOfNumber(values.incident?.number ?? '');
