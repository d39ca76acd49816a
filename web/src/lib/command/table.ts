// The commands of the dispatcher's command line, one entry each. Parser, completion, help sheet and undo all read this table.
import type { Role } from '../api/types';
import type { TextKey } from '../text/texts';

export type CommandId =
  | 'assign'
  | 'ack'
  | 'en_route'
  | 'on_scene'
  | 'clear'
  | 'take_off'
  | 'note'
  | 'message'
  | 'find'
  | 'incident'
  | 'unit'
  | 'close'
  | 'cancel'
  | 'out'
  | 'back'
  | 'new'
  | 'view'
  | 'mode'
  | 'undo'
  | 'help';

/** Which units may stand there: on an incident, on patrol, out of service, or any. */
export type Which = 'busy' | 'on_patrol' | 'off_patrol' | 'any';

export type Argument =
  | { kind: 'unit'; which: Which }
  /** Without a number the chosen incident is meant, where `chosen` says so; where `ended` does, one that is over too. */
  | { kind: 'incident'; chosen: boolean; ended: boolean }
  /** Everything up to the end of the line. `usual`: what is offered; `limit` in characters, as the server has it. */
  | { kind: 'text'; name: TextKey; must: boolean; limit: number; usual: readonly TextKey[] }
  | { kind: 'mode' }
  | { kind: 'view' };

/** back: it can be taken back; correct: a time once said stays, the right one is entered beside it; never: it is out of
 *  our hands; nothing: it changes nothing. */
export type Undo = 'back' | 'correct' | 'never' | 'nothing';

export interface Command {
  id: CommandId;
  en: readonly [string, ...string[]];
  zh: readonly [string, ...string[]];
  takes: readonly Argument[];
  undo: Undo;
  roles: readonly Role[];
}

const DISPATCH: readonly Role[] = ['dispatcher', 'supervisor'];
const LINE = 200;
const NOTE = 1000;

const unit = (which: Which): Argument => ({ kind: 'unit', which });
const here: Argument = { kind: 'incident', chosen: true, ended: false };
const text = (name: TextKey, must: boolean, usual: readonly TextKey[] = [], limit = LINE): Argument => ({
  kind: 'text',
  name,
  must,
  limit,
  usual,
});
const OVERRIDE: readonly TextKey[] = ['override_radio', 'override_special', 'override_nearby'];
const HANDLED: readonly TextKey[] = ['close_handled', 'close_report', 'close_nobody_there'];
const TAKEN_OFF: readonly TextKey[] = ['take_off_other_call', 'take_off_not_needed', 'take_off_wrong'];
const CANCELLED: readonly TextKey[] = ['cancel_by_caller', 'cancel_mistake', 'cancel_hoax'];
/** What cars say by these codes; see `codeOf`. */
export const BREAKS = ['unavailable_meal', 'unavailable_refuel', 'unavailable_paperwork', 'unavailable_off_duty'] as const;

type Rest = Pick<Command, 'takes' | 'undo'> & { roles?: readonly Role[] };
const command = (id: CommandId, en: Command['en'], zh: Command['zh'], rest: Rest): Command => ({
  roles: DISPATCH,
  id,
  en,
  zh,
  ...rest,
});

/** In the order of the help sheet: what is typed most often first. */
export const COMMANDS: readonly Command[] = [
  command('assign', ['a', 'assign'], ['派', '派遣'], {
    takes: [unit('any'), here, text('argument_reason', false, OVERRIDE)],
    undo: 'back',
  }),
  command('ack', ['ack'], ['收到', '確認'], { takes: [unit('busy')], undo: 'correct' }),
  command('en_route', ['er', 'enroute'], ['出發'], { takes: [unit('busy')], undo: 'correct' }),
  command('on_scene', ['os', 'onscene'], ['到達', '到場'], { takes: [unit('busy')], undo: 'correct' }),
  command('clear', ['c', 'clear'], ['結案', '清'], {
    takes: [unit('busy'), text('argument_disposition', false, HANDLED)],
    undo: 'correct',
  }),
  command('take_off', ['off'], ['撤離', '撤'], {
    takes: [unit('busy'), text('argument_reason', true, TAKEN_OFF)],
    undo: 'back',
  }),
  command('note', ['n', 'note'], ['備註', '記'], {
    takes: [{ ...here, ended: true }, text('argument_text', true, [], NOTE)],
    undo: 'back',
  }),
  command('message', ['m', 'msg'], ['訊息', '訊'], {
    takes: [unit('any'), text('argument_text', true, [], NOTE)],
    undo: 'never',
  }),
  command('find', ['f', 'find'], ['找', '搜尋'], { takes: [text('argument_text', true)], undo: 'nothing' }),
  command('incident', ['inc', 'incident'], ['案件', '案'], {
    takes: [{ kind: 'incident', chosen: false, ended: false }],
    undo: 'nothing',
  }),
  command('unit', ['unit'], ['單位', '車'], { takes: [unit('any')], undo: 'nothing' }),
  command('close', ['close'], ['關案'], { takes: [here, text('argument_disposition', true, HANDLED)], undo: 'never' }),
  command('cancel', ['cancel'], ['取消', '銷案'], { takes: [here, text('argument_reason', true, CANCELLED)], undo: 'never' }),
  command('out', ['out', 'oos'], ['停勤'], {
    takes: [unit('on_patrol'), text('argument_reason', true, BREAKS)],
    undo: 'back',
  }),
  command('back', ['in'], ['復勤', '待命'], { takes: [unit('off_patrol')], undo: 'back' }),
  command('new', ['new'], ['新案', '報案'], { takes: [], undo: 'nothing' }),
  command('view', ['v', 'view'], ['畫面'], { takes: [{ kind: 'view' }], undo: 'nothing' }),
  command('mode', ['mode'], ['模式'], { takes: [{ kind: 'mode' }], undo: 'back', roles: ['supervisor'] }),
  command('undo', ['u', 'undo'], ['復原'], { takes: [], undo: 'nothing' }),
  command('help', ['?', 'help'], ['說明'], { takes: [], undo: 'nothing' }),
];

export const commandsOf = (role: Role): Command[] => COMMANDS.filter(({ roles }) => roles.includes(role));
