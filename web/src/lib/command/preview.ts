// What Enter will do, in words; or why it will not, and what to type instead.
import type { Candidate, Unit } from '../api/types';
import { etaSaid, objection, sendingOf } from './assigning';
import { endOfNumber } from './named_things';
import type { Parsed, Ready } from './parse';
import { said, type Said } from './said';
import type { CommandId } from './table';
import type { Done } from './undo.svelte';

export interface Preview {
  says: Said;
  /** Enter would be refused. */
  wrong: boolean;
}

/** `candidates`: of the incident that the line names, null while they are not known; `last`: what `u` would take back.
 *  Null for an empty line. */
export function preview(parsed: Parsed, candidates: readonly Candidate[] | null, last: Done | null): Preview | null {
  if (parsed.state === 'empty') return null;
  if (parsed.state === 'wrong') return { says: parsed.wrong, wrong: true };
  const { unit, incident, text } = parsed.values;
  if (parsed.command.id === 'assign' && unit && incident) {
    const wrong = objection(unit, incident, text, sendingOf(unit, incident, candidates));
    if (wrong) return { says: wrong, wrong: true };
  }
  const back = unit && stepBack(parsed.command.id, unit);
  if (back) return { says: back, wrong: true };
  if (parsed.command.id === 'undo') {
    if (!last) return { says: said('command_undo_nothing'), wrong: true };
    if (typeof last.undo !== 'function') return { says: last.undo, wrong: true };
    return { says: said('command_will_undo', { last: last.says }), wrong: false };
  }
  return { says: promise(parsed, candidates), wrong: false };
}

/** The usual progress of an assignment; the server holds the whole rule. */
const PROGRESS = ['dispatched', 'acknowledged', 'en_route', 'on_scene'] as const;
const LEADS_TO: Partial<Record<CommandId, (typeof PROGRESS)[number]>> = {
  ack: 'acknowledged',
  en_route: 'en_route',
  on_scene: 'on_scene',
};

/** A step that lies before the one that stands is refused. */
function stepBack(id: CommandId, { name, assignment }: Unit): Said | null {
  const to = LEADS_TO[id];
  const now = PROGRESS.find((step) => step === assignment?.state);
  if (!to || !now || PROGRESS.indexOf(to) >= PROGRESS.indexOf(now)) return null;
  return said('command_wrong_step', { unit: name, now: said(`step_${now}`), to: said(`step_${to}`) });
}

function promise({ command, values }: Ready, candidates: readonly Candidate[] | null): Said {
  const { unit, incident, text = '', mode, view } = values;
  const number = endOfNumber(incident?.number ?? unit?.assignment?.incident_number ?? '');
  const filled = { unit: unit?.name ?? '', number, text };
  switch (command.id) {
    case 'assign': {
      if (!unit || !incident) break;
      const { candidate, leaves, going } = sendingOf(unit, incident, candidates);
      const told = { ...filled, eta: candidates ? etaSaid(candidate?.eta_s) : said('command_eta_asked') };
      if (leaves) return said('command_will_divert', { ...told, left: endOfNumber(leaves.incident_number) });
      const others = going.map(({ unit_name }) => unit_name).join('、');
      if (others) return said('command_will_assign_too', { ...told, others });
      return said('command_will_assign', told);
    }
    case 'clear':
      return text ? said('command_will_clear_with', filled) : said('command_will_clear', filled);
    case 'mode':
      return said('command_will_mode', { mode: mode ? said(`mode_${mode}`) : '' });
    case 'view':
      return said('command_will_view', { view: view ?? '' });
  }
  return said(`command_will_${command.id}`, filled);
}
