// What the word at the cursor may become: commands, units, open incidents, usual reasons, modes, screens.
import type { Incident, Unit } from '../api/types';
import { TEXTS } from '../text/texts';
import { MODES, type Context } from './context';
import { wordsOf } from './line';
import { endOfNumber, fits, shortNumber } from './named_things';
import { commandNamed, GLUED, usage } from './parse';
import { said, type Said } from './said';
import { commandsOf, type Argument, type Command, type Which } from './table';

export interface Option {
  /** Replaces the line from `from` to `to`. */
  insert: string;
  shown: string;
  hint: Said | null;
}
export interface Completion {
  from: number;
  to: number;
  options: readonly Option[];
}

const MOST = 8;
const starts = (text: string, part: string) => text.toLowerCase().startsWith(part.toLowerCase());
const holds = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());

export function complete(line: string, cursor: number, context: Context): Completion {
  const words = wordsOf(line.slice(0, cursor), GLUED);
  const last = words.at(-1);
  // A glued word is complete by itself, and a space begins the next one.
  const at = last && last.to === cursor ? last : null;
  const index = at ? words.length - 1 : words.length;
  const from = at?.from ?? cursor;
  const part = at?.text ?? '';
  const rest = /^\S*/.exec(line.slice(cursor))?.[0].length ?? 0;
  const command = index > 0 && words[0] ? commandNamed(words[0].text, context) : null;
  if (index === 0) return { from, to: cursor + rest, options: commandOptions(part, context).slice(0, part ? MOST : 99) };
  if (!command) return { from, to: cursor, options: [] };
  const { argument, begins } = argumentAt(command, words.map(({ text }) => text), index);
  const start = argument?.kind === 'text' ? (words[begins]?.from ?? cursor) : from;
  const typed = argument?.kind === 'text' ? line.slice(start, cursor) : part;
  const options = argument ? argumentOptions(argument, typed, context) : [];
  const more = !part && argument?.kind === 'incident' && argument.chosen && context.chosen ? after(command, argument) : null;
  const both = more ? [...options, ...argumentOptions(more, '', context)] : options;
  return { from: start, to: argument?.kind === 'text' ? line.length : cursor + rest, options: both.slice(0, MOST) };
}

const after = (command: Command, argument: Argument) => command.takes[command.takes.indexOf(argument) + 1] ?? null;

/** Which argument the word at `index` belongs to, and at which word that begins. An incident's number may be left out. */
function argumentAt(command: Command, words: readonly string[], index: number): { argument: Argument | null; begins: number } {
  let word = 1;
  for (const argument of command.takes) {
    if (argument.kind === 'text') return { argument, begins: word };
    const given = words[word];
    const leftOut = argument.kind === 'incident' && argument.chosen && given !== undefined && !/^[#…]?\d/.test(given);
    if (leftOut) continue;
    if (word === index) return { argument, begins: word };
    word += 1;
  }
  return { argument: null, begins: word };
}

function commandOptions(part: string, context: Context): Option[] {
  const matching = commandsOf(context.role).filter(({ en, zh }) => [...en, ...zh].some((word) => starts(word, part)));
  const exact = ({ en, zh }: Command) => Number([...en, ...zh].includes(part.toLowerCase()));
  return matching
    .sort((one, other) => exact(other) - exact(one))
    .map((command) => {
      const words = context.locale === 'en' ? command.en : command.zh;
      const word = [...command.en, ...command.zh].find((name) => part && starts(name, part)) ?? words[0];
      const insert = command.takes.length ? `${word} ` : word;
      return { insert, shown: usage(command, context.locale), hint: said(`command_${command.id}`) };
    });
}

function argumentOptions(argument: Argument, part: string, context: Context): Option[] {
  const own = (value: string, ...others: string[]): Option | null =>
    [value, ...others].some((name) => starts(name, part)) ? { insert: `${value} `, shown: value, hint: null } : null;
  switch (argument.kind) {
    case 'unit':
      return unitOptions(argument.which, part, context);
    case 'incident':
      return context.incidents.filter((one) => matches(one, part)).map((one) => incidentOption(one, context));
    case 'text':
      return argument.usual
        .map((key) => TEXTS[context.locale][key])
        .filter((text) => starts(text, part) && text !== part)
        .map((text) => ({ insert: text, shown: text, hint: null }));
    case 'mode':
      return MODES.flatMap((mode) => own(TEXTS[context.locale][`mode_${mode}`], mode) ?? []);
    case 'view':
      return context.views.flatMap(({ id, names }) => own(id, ...names) ?? []);
  }
}

function unitOptions(which: Which, part: string, { units }: Context): Option[] {
  const idleFirst = (one: Unit, other: Unit) =>
    Number(one.assignment !== null) - Number(other.assignment !== null) || (one.name < other.name ? -1 : 1);
  return units
    .filter((unit) => fits(unit, which) && holds(unit.name, part))
    .sort(idleFirst)
    .map((unit) => {
      const number = unit.assignment ? endOfNumber(unit.assignment.incident_number) : '';
      const insert = /\s/.test(unit.name) ? `"${unit.name}" ` : `${unit.name} `;
      const status = said(`status_${unit.status}`);
      return { insert, shown: unit.name, hint: said('command_unit_hint', { status, number }) };
    });
}

const bare = (digits: string) => digits.replace(/^[#…0]+/, '');

/** By the beginning of its last digits; with the day, or most of it, by any part. */
function matches({ number }: Incident, part: string): boolean {
  const serial = number.split('-').at(-1) ?? '';
  return bare(serial).startsWith(bare(part)) || (/-|^\d{5,}/.test(part) && holds(number, part.replace(/^[#…]+/, '')));
}

function incidentOption(incident: Incident, { today }: Context): Option {
  const category = said(`category_${incident.category}`);
  const values = { priority: incident.priority, category, place: incident.address ?? '' };
  const short = shortNumber(incident, today);
  return { insert: `${short} `, shown: short, hint: said('command_incident_hint', values) };
}
