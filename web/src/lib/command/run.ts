// Does what a line says: one request, or one move of the desk. Says what was done, and remembers how it is taken back.
import { assign, cancelIncident, candidatesFor, closeIncident, endAssignment, setMode } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import type { Assignment, Candidate, Incident, Unit } from '../api/types';
import { live } from '../feed/live.svelte';
import { find, goTo, type Found } from '../find/find';
import { placesOf } from '../incidents/urgency';
import { policyNow } from '../policy/policy.svelte';
import { desk } from '../shell/desk.svelte';
import { t } from '../text/language.svelte';
import { LOCALES, TEXTS } from '../text/texts';
import { objection, sendingOf } from './assigning';
import { addNote, sendNotice, setAvailability, strikeNote, takeStep, type Step } from './calls';
import { endOfNumber } from './named_things';
import type { Ready } from './parse';
import { said, type Said } from './said';
import { BREAKS } from './table';
import { undoStack, type Done } from './undo.svelte';

export interface Outcome {
  says: Said;
  wrong?: boolean;
  /** Several things were found: which one is meant? */
  choose?: readonly Found[];
  /** Another part of the screen has taken the keyboard. */
  moved?: boolean;
  help?: boolean;
}

const STEPS: Partial<Record<Ready['command']['id'], Step>> = {
  ack: 'acknowledged',
  en_route: 'en_route',
  on_scene: 'on_scene',
  clear: 'cleared',
};

/** Throws Refusal or NoAnswer. */
export async function run({ command, values }: Ready): Promise<Outcome> {
  const { unit, incident, text = '', mode, view } = values;
  const step = STEPS[command.id];
  if (step && unit?.assignment) return enterStep(command.id, step, unit, text);
  if (command.id === 'assign' && unit && incident) return send(unit, incident, text);
  if (command.id === 'take_off' && unit) return takeOff(unit, text);
  if (command.id === 'note' && incident) return write(incident, text);
  if (command.id === 'message' && unit) {
    await sendNotice(unit.id, text);
    return done({ says: said('command_did_message', { unit: unit.name }), undo: said('command_undo_message') });
  }
  if (command.id === 'find') return look(text);
  if (command.id === 'incident' && incident) {
    desk.openIncident(incident.id, ...placesOf(incident, live.units));
    return { says: said('command_did_open', { what: incident.number }) };
  }
  if (command.id === 'unit' && unit) {
    goTo({ kind: 'unit', unit });
    return { says: said('command_did_open', { what: unit.name }) };
  }
  if ((command.id === 'close' || command.id === 'cancel') && incident) return end(command.id, incident, text);
  if (command.id === 'out' && unit) return patrol(unit, false, codeOf(text));
  if (command.id === 'back' && unit) return patrol(unit, true, null);
  if (command.id === 'mode' && mode) return change(mode);
  if (command.id === 'view' && view) {
    desk.view = view;
    return { says: said('command_did_open', { what: view }), moved: true };
  }
  if (command.id === 'new') {
    desk.openIntake();
    return { says: said('new_call'), moved: true };
  }
  if (command.id === 'help') return { says: said('command_help'), help: true };
  return takeBack();
}

function done(what: Done): Outcome {
  undoStack.remember(what);
  return { says: what.says };
}

/** What was done last, taken back, where that can be. */
export async function takeBack(): Promise<Outcome> {
  const { says, undone } = await undoStack.undo();
  return { says, wrong: !undone };
}

async function enterStep(id: string, step: Step, unit: Unit, disposition: string): Promise<Outcome> {
  const of = unit.assignment;
  if (!of) return { says: said('command_wrong_unit_not_busy', { unit: unit.name, usage: id }), wrong: true };
  await takeStep(of.assignment_id, step, step === 'cleared' && disposition ? disposition : null);
  const values = { unit: unit.name, number: endOfNumber(of.incident_number), step: said(`step_${step}`) };
  return done({ says: said('command_did_step', values), undo: said('command_undo_step', values) });
}

async function send(unit: Unit, incident: Incident, reason: string): Promise<Outcome> {
  const candidates = await known(incident.id);
  const sending = sendingOf(unit, incident, candidates);
  const wrong = objection(unit, incident, reason || undefined, sending);
  if (wrong) return { says: wrong, wrong: true };
  const values = { unit: unit.name, number: endOfNumber(incident.number) };
  const made = await assign(incident.id, unit.id, {
    reason: reason || null,
    replaces: null,
    divert: sending.leaves !== null,
    seen: sending.going.map(({ id }) => id),
  });
  rememberSent(made.id, unit.name, incident.number);
  return { says: said('command_did_assign', values) };
}

/** Also for a unit that was sent from the list of candidates. */
export function rememberSent(assignmentId: string, unit: string, number: string): void {
  const values = { unit, number: endOfNumber(number) };
  const undo = async () => {
    await endAssignment(assignmentId, t('command_undo_why'));
    return said('command_undid_assign', values);
  };
  undoStack.remember({ says: said('command_did_assign', values), undo });
}

/** The rule needs the recommendation; a server that can't give one now must not keep a unit from going. */
async function known(incidentId: string): Promise<Candidate[] | null> {
  try {
    return await candidatesFor(incidentId);
  } catch (error) {
    if (error instanceof Refusal || error instanceof NoAnswer) return null;
    throw error;
  }
}

async function takeOff(unit: Unit, reason: string): Promise<Outcome> {
  const of = unit.assignment;
  if (!of) return { says: said('command_wrong_unit_not_busy', { unit: unit.name, usage: '' }), wrong: true };
  rememberTakenOff(await endAssignment(of.assignment_id, reason));
  const values = { unit: unit.name, number: endOfNumber(of.incident_number) };
  return { says: said('command_did_take_off', values) };
}

/** Also for a unit that was taken off by its button on the screen. */
export function rememberTakenOff({ unit_id, unit_name, incident_id }: Assignment): void {
  const values = { unit: unit_name, number: endOfNumber(live.incidents.get(incident_id)?.number ?? '') };
  const undo = async () => {
    await assign(incident_id, unit_id, { reason: t('command_undo_why'), replaces: null, divert: false });
    return said('command_undid_take_off', values);
  };
  undoStack.remember({ says: said('command_did_take_off', values), undo });
}

async function write(incident: Incident, text: string): Promise<Outcome> {
  const { id } = await addNote(incident.id, text);
  const values = { number: endOfNumber(incident.number) };
  const undo = async () => {
    await strikeNote(id);
    return said('command_undid_note', values);
  };
  return done({ says: said('command_did_note', values), undo });
}

async function look(text: string): Promise<Outcome> {
  const found = await find(text);
  const [one] = found;
  if (!one) return { says: said('command_wrong_nothing_found', { text }), wrong: true };
  if (found.length > 1) return { says: said('command_found_many', { count: found.length }), choose: found };
  goTo(one);
  return { says: said('command_did_find', { text }) };
}

async function end(how: 'close' | 'cancel', incident: Incident, text: string): Promise<Outcome> {
  if (how === 'close') await closeIncident(incident.id, text, null);
  else await cancelIncident(incident.id, text);
  const values = { number: endOfNumber(incident.number) };
  return done({ says: said(`command_did_${how}`, values), undo: said('command_undo_ended', values) });
}

async function patrol(unit: Unit, available: boolean, reason: string | null): Promise<Outcome> {
  const before = { available: unit.available, reason: unit.unavailable_reason };
  await setAvailability(unit.id, available, reason);
  const values = { unit: unit.name };
  const undo = async () => {
    await setAvailability(unit.id, before.available, before.available ? null : (before.reason ?? t('command_undo_why')));
    return said(before.available ? 'command_did_back' : 'command_did_out', values);
  };
  return done({ says: said(available ? 'command_did_back' : 'command_did_out', values), undo });
}

/** A usual reason goes to the server as cars say it, by its code; any other as it was typed. */
export function codeOf(text: string): string {
  const key = BREAKS.find((one) => LOCALES.some((locale) => TEXTS[locale][one] === text));
  return key ? key.replace('unavailable_', '') : text;
}

async function change(mode: NonNullable<Ready['values']['mode']>): Promise<Outcome> {
  const before = policyNow.known?.mode.mode;
  policyNow.known = await setMode(mode);
  const undo = before
    ? async () => {
        policyNow.known = await setMode(before);
        return said('command_did_mode', { mode: said(`mode_${before}`) });
      }
    : said('command_undo_nothing');
  return done({ says: said('command_did_mode', { mode: said(`mode_${mode}`) }), undo });
}
