// The help sheet can't lie: what it lists is what the parser takes and the keyboard does, and nothing is missing from it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { context } from '../../test/command_world';
import { KEYS } from '../shell/keys';
import { VIEWS, viewsOf } from '../shell/views';
import { LOCALES } from '../text/texts';
import { helpCommands, helpKeys } from './help';
import { parse } from './parse';
import { COMMANDS, type Argument, type Command } from './table';

const world = context({ role: 'supervisor' });
const EXAMPLES: Record<Argument['kind'], string> = { unit: '101', incident: '12', text: 'words', mode: 'night', view: 'map' };
const WHICH = { busy: '102', on_patrol: '101', off_patrol: '103', any: '101' };
const example = (argument: Argument) => (argument.kind === 'unit' ? WHICH[argument.which] : EXAMPLES[argument.kind]);

describe('commands', () => {
  test.each(COMMANDS.map((command) => [command.id, command] as const))('%s: each of its words is understood', (_id, command: Command) => {
    for (const word of [...command.en, ...command.zh]) {
      const parsed = parse([word, ...command.takes.map(example)].join(' '), world);
      expect(parsed).toMatchObject({ state: 'ready', command: { id: command.id } });
    }
  });

  test('no word belongs to two commands', () => {
    const words = COMMANDS.flatMap(({ en, zh }) => [...en, ...zh]);
    expect(words.filter((word, at) => words.indexOf(word) !== at)).toEqual([]);
  });

  test('the sheet has every command of the role, and none for one who only reads', () => {
    expect(helpCommands('supervisor').map(({ command }) => command)).toEqual(COMMANDS);
    expect(helpCommands('dispatcher')).toHaveLength(COMMANDS.length - 1);
    expect(helpCommands('auditor')).toEqual([]);
    const [assign] = helpCommands('dispatcher');
    expect(assign?.en.usage).toBe('a UNIT [INCIDENT] [reason]');
    expect(assign?.zh.usage).toBe('派 代號 [案號] [理由]');
  });
});

describe('keys', () => {
  const ROOT = join(import.meta.dirname, '../..');
  const OWN = /shell[\\/](keys|views)\.ts$/;
  const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(svelte|ts)$/.test(name) && !/\.test\.ts$/.test(name) && !OWN.test(name))
    .map((name) => readFileSync(join(ROOT, name), 'utf8'))
    .join('\n');
  const used = new Set([...sources.matchAll(/\bKey[A-Z]\b/g)].map(([code]) => code));
  const listed = Object.values(KEYS).flatMap<string>(({ codes }) => [...codes]);
  const screens = Object.values(VIEWS).flatMap(({ key }) => key ?? []);

  test('every letter that a screen listens to stands on the sheet', () => {
    expect([...used].filter((code) => !listed.includes(code) && !screens.includes(code))).toEqual([]);
  });

  test('every letter on the sheet is listened to', () => {
    const letters = listed.filter((code) => code.startsWith('Key'));
    expect(letters.filter((code) => !used.has(code))).toEqual([]);
  });

  test('no letter means two things', () => {
    const all = [...listed.filter((code) => code.startsWith('Key')), ...screens];
    expect(all.filter((code, at) => all.indexOf(code) !== at)).toEqual([]);
  });

  test('each role has its own screens on the sheet', () => {
    for (const role of ['dispatcher', 'supervisor', 'auditor'] as const) {
      const texts = helpKeys(role).map(({ text }) => text);
      for (const id of viewsOf(role)) if (VIEWS[id].key) expect(texts).toContain(VIEWS[id].title);
    }
    expect(LOCALES).toEqual(['zh-TW', 'en']);
  });
});
