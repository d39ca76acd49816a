// What the help sheet lists: taken from the tables that the keyboard and the parser go by, so that it can't say otherwise.
import type { Role } from '../api/types';
import { KEYS, type Key } from '../shell/keys';
import { VIEWS, viewsOf } from '../shell/views';
import { usage } from './parse';
import { commandsOf, type Command } from './table';

export type HelpKey = Pick<Key, 'shown' | 'text'>;

/** Of those who only read, the keys that do something for them. */
const FOR_ALL = new Set<string>(['help', 'region', 'back']);

export function helpKeys(role: Role): HelpKey[] {
  const dispatches = commandsOf(role).length > 0;
  const own = Object.entries(KEYS).flatMap(([id, key]) => (dispatches || FOR_ALL.has(id) ? key : []));
  const screens = viewsOf(role).flatMap((id) => {
    const { key, title } = VIEWS[id];
    return key ? { shown: [key.replace(/^(Key|Digit)/, '')], text: title } : [];
  });
  return [...own, ...screens];
}

export interface HelpCommand {
  command: Command;
  en: { usage: string; others: string };
  zh: { usage: string; others: string };
}

export function helpCommands(role: Role): HelpCommand[] {
  return commandsOf(role).map((command) => ({
    command,
    en: { usage: usage(command, 'en'), others: command.en.slice(1).join(' ') },
    zh: { usage: usage(command, 'zh-TW'), others: command.zh.slice(1).join(' ') },
  }));
}
