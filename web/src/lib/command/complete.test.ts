// What is offered for the word at the cursor, and what the line becomes by it.
import { describe, expect, test } from 'vitest';
import { context } from '../../test/command_world';
import { complete } from './complete';
import { COMMANDS } from './table';

const world = context();
const offered = (line: string, change = {}, cursor = line.length) =>
  complete(line, cursor, { ...world, ...change }).options.map(({ insert }) => insert);
const becomes = (line: string, change = {}, cursor = line.length) => {
  const { from, to, options } = complete(line, cursor, { ...world, ...change });
  return options[0] ? line.slice(0, from) + options[0].insert + line.slice(to) : null;
};

describe('commands', () => {
  test('an empty line offers every command that the role has', () => {
    expect(offered('')).toHaveLength(COMMANDS.length - 1);
    expect(offered('', { role: 'supervisor' })).toHaveLength(COMMANDS.length);
    expect(offered('', { role: 'auditor' })).toEqual([]);
  });

  test('a begun word is completed in the language that it is begun in', () => {
    expect(becomes('inc')).toBe('inc ');
    expect(becomes('備')).toBe('備註 ');
    expect(becomes('und')).toBe('undo');
    expect(offered('a')[0]).toBe('a ');
  });
});

describe('arguments', () => {
  test('units that fit, idle ones first', () => {
    expect(offered('a ')).toEqual(['北興101 ', '竹園103 ', '北興102 ']);
    expect(offered('er ')).toEqual(['北興102 ']);
    expect(offered('停勤 ')).toEqual(['北興101 ', '北興102 ']);
    expect(offered('in ')).toEqual(['竹園103 ']);
  });

  test('a part of the call sign becomes the whole, also where no space was typed', () => {
    expect(becomes('a 103')).toBe('a 竹園103 ');
    expect(becomes('派103')).toBe('派竹園103 ');
    expect(becomes('a 103 12', {}, 5)).toBe('a 竹園103  12');
  });

  test('a call sign with a space is put into quotation marks', () => {
    const units = world.units.map((unit) => ({ ...unit, name: unit.name.replace('園', '園 ') }));
    expect(becomes('unit 竹', { units })).toBe('unit "竹 園103" '.replace('竹 園', '竹園 '));
  });

  test('open incidents by their shortest number, then the usual reasons where one is chosen', () => {
    expect(offered('a 101 ', { chosen: null })).toEqual(['20261123-0007 ', '0012 ', '0015 ']);
    expect(offered('a 101 12')).toEqual(['0012 ']);
    expect(offered('a 101 1123-')).toEqual(['20261123-0007 ']);
    expect(offered('a 101 ').slice(0, 4)).toEqual(['20261123-0007 ', '0012 ', '0015 ', '無線電回報可先到']);
  });

  test('usual reasons, in the language of the desk, from where the text begins', () => {
    expect(offered('off 102 ')).toHaveLength(3);
    expect(becomes('off 102 誤')).toBe('off 102 誤派');
    expect(becomes('out 101 用')).toBe('out 101 用餐');
    expect(offered('out 101 m', { locale: 'en' })).toEqual(['meal']);
    expect(offered('close 12 ')).toHaveLength(3);
  });

  test('modes and screens by any of their names', () => {
    expect(becomes('mode ni', { role: 'supervisor' })).toBe('mode 夜間 ');
    expect(becomes('v 統')).toBe('v statistics ');
  });

  test('nothing where nothing more is taken, and nothing for a word that is no command', () => {
    expect(offered('er 102 ')).toEqual([]);
    expect(offered('zz ')).toEqual([]);
    expect(offered('m 101 hello ')).toEqual([]);
  });
});
