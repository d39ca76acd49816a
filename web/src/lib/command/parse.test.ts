// Lines as a dispatcher types them: what they come to mean, and what is said where they mean nothing.
import { describe, expect, test } from 'vitest';
import { assignment, incident, unit } from '../../test/samples';
import type { Unit } from '../api/types';
import { preview } from './preview';
import { parse } from './parse';
import { said, worded } from './said';
import { COMMANDS } from './table';
import { context } from '../../test/command_world';

const world = context();
const meant = (line: string, change = {}) => {
  const parsed = parse(line, { ...world, ...change });
  if (parsed.state !== 'ready') throw new Error(parsed.state === 'wrong' ? worded(parsed.wrong, 'en') : parsed.state);
  const { unit: who, incident: what, ...rest } = parsed.values;
  return [parsed.command.id, ...(who ? [who.name] : []), ...(what ? [what.number] : []), ...Object.values(rest)];
};
const refused = (line: string, change = {}) => {
  const parsed = parse(line, { ...world, ...change });
  return parsed.state === 'wrong' ? parsed.wrong.key : parsed.state;
};

describe('what a line means', () => {
  test.each([
    ['a 101 12', ['assign', '北興101', '20261124-0012']],
    ['A 101 0012', ['assign', '北興101', '20261124-0012']],
    ['派 北興101 #12', ['assign', '北興101', '20261124-0012']],
    ['派101 12', ['assign', '北興101', '20261124-0012']],
    ['派遣北興101　１２　已在附近', ['assign', '北興101', '20261124-0012', '已在附近']],
    ['/a 101 1124-12', ['assign', '北興101', '20261124-0012']],
    ['a 101 7', ['assign', '北興101', '20261123-0007']],
    ['a 101', ['assign', '北興101', '20261124-0015']],
    ['a 101 crew is there', ['assign', '北興101', '20261124-0015', 'crew is there']],
    ['er 102', ['en_route', '北興102']],
    ['到達102', ['on_scene', '北興102']],
    ['c 102 勸離', ['clear', '北興102', '勸離']],
    ['結案 102', ['clear', '北興102']],
    ['off 102 wrong unit', ['take_off', '北興102', 'wrong unit']],
    ['n 12 往北逃逸', ['note', '20261124-0012', '往北逃逸']],
    ['備註 往北逃逸', ['note', '20261124-0015', '往北逃逸']],
    ['n "12 號出口"', ['note', '20261124-0015', '12 號出口']],
    ['m 101 Ｒeport  twice', ['message', '北興101', 'Ｒeport  twice']],
    ['f 中山路 1 號', ['find', '中山路 1 號']],
    ['案件 12', ['incident', '20261124-0012']],
    ['close 12 handled', ['close', '20261124-0012', 'handled']],
    ['cancel by caller', ['cancel', '20261124-0015', 'by caller']],
    ['停勤 101 用餐', ['out', '北興101', '用餐']],
    ['in 103', ['back', '竹園103']],
    ['new', ['new']],
    ['v stat', ['view', 'statistics']],
    ['畫面 即時地圖', ['view', 'map']],
    ['u', ['undo']],
    ['?', ['help']],
  ])('%s', (line, what) => {
    expect(meant(line)).toEqual(what);
  });

  test('a mode is named by its code or in either language, by a supervisor', () => {
    expect(['mode night', 'mode 夜間', 'mode Ni', '模式 僅建議'].map((line) => meant(line, { role: 'supervisor' })[1])).toEqual([
      'night',
      'night',
      'night',
      'recommend',
    ]);
    expect(refused('mode night')).toBe('command_wrong_unknown');
  });

  test('only units that fit are meant, so that a short part is enough', () => {
    expect(meant('os 1')).toEqual(['on_scene', '北興102']);
    expect(meant('in 竹')).toEqual(['back', '竹園103']);
  });

  test('a number of today goes before the same of another day, whatever else is open', () => {
    const incidents = [incident('a', { number: '20261123-0012' }), incident('b', { number: '20261124-0012' })];
    expect(meant('inc 12', { incidents })).toEqual(['incident', '20261124-0012']);
    expect(meant('inc 1123-12', { incidents })).toEqual(['incident', '20261123-0012']);
  });
});

describe('what is said where a line means nothing', () => {
  test.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['zz 101', 'command_wrong_unknown'],
    ['a', 'command_wrong_missing'],
    ['a 999 12', 'command_wrong_no_unit'],
    ['a 北興 12', 'command_wrong_many_units'],
    ['a 101 99', 'command_wrong_no_incident'],
    ['n 99 text of a wrong number', 'command_wrong_no_incident'],
    ['n 12', 'command_wrong_missing'],
    ['er 101', 'command_wrong_unit_not_busy'],
    ['er 102 at once', 'command_wrong_too_much'],
    ['off 102', 'command_wrong_missing_reason'],
    ['out 103 meal', 'command_wrong_unit_not_on_patrol'],
    ['in 101', 'command_wrong_unit_not_off_patrol'],
    ['v nowhere', 'command_wrong_no_view'],
    [`n 12 ${'x'.repeat(1001)}`, 'command_wrong_too_long'],
  ])('%s → %s', (line, key) => {
    expect(refused(line)).toBe(key);
  });

  test('without a chosen incident its number is asked for', () => {
    expect(refused('a 101', { chosen: null })).toBe('command_wrong_missing_incident');
    expect(refused('n text', { chosen: null })).toBe('command_wrong_missing_incident');
  });

  test('one that has ended takes notes, and nothing else', () => {
    const over = { chosen: null, ended: incident('i3', { number: '20261124-0003', state: 'closed' }) };
    expect(meant('n the owner came', over)).toEqual(['note', '20261124-0003', 'the owner came']);
    expect(refused('a 101', over)).toBe('command_wrong_ended');
    expect(refused('close done', over)).toBe('command_wrong_ended');
  });

  test('every refusal says how the line is written', () => {
    const parsed = parse('off 102', world);
    expect(parsed.state === 'wrong' && worded(parsed.wrong, 'en')).toBe('Write the reason behind it: 撤離 代號 理由');
  });
});

describe('what Enter will do', () => {
  const near = (id: string, change = {}) => ({
    unit_id: id,
    name: id,
    status: 'AVAILABLE' as const,
    eta_s: 200,
    distance_m: 900,
    reasons: [],
    recommended: true,
    would_divert_from: null,
    eta_spread_s: null,
    chance_late: null,
    ...change,
  });
  const words = (line: string, candidates = [near('101')], change = {}) => {
    const shown = preview(parse(line, { ...world, ...change }), candidates, null);
    return shown && [worded(shown.says, 'zh-TW'), shown.wrong];
  };

  test('in words, with the travel time', () => {
    expect(words('a 101 12')).toEqual(['派 北興101 到 …-0012，預估 3 分 20 秒', false]);
    expect(words('a 101 12', [near('101', { eta_s: null })])?.[0]).toBe('派 北興101 到 …-0012，到達時間不明');
    expect(words('os 102')?.[0]).toBe('記錄 北興102 到達 …-0007 現場（時間：現在）');
    expect(words('')).toBeNull();
  });

  test('another than the recommended unit needs a reason, which the line may hold', () => {
    const candidates = [near('103', { name: '竹園103' }), near('101')];
    expect(words('a 101 12', candidates)).toEqual(['建議的是 竹園103：要派 北興101，請在後面寫理由', true]);
    expect(words('a 101 12 已在附近', candidates)?.[1]).toBe(false);
  });

  test('a unit under way leaves another call only by a word on it', () => {
    expect(words('a 102 12')).toEqual(['北興102 正前往 …-0007，會離開那一件：請在後面寫轉派理由', true]);
    expect(words('a 102 12 更急')).toEqual(['把 北興102 從 …-0007 轉派到 …-0012，到達時間不明', false]);
  });

  test('who goes already is said, and who can not go', () => {
    const going = incident('i15', { number: '20261124-0015', assignments: [assignment('x', { unit_id: '9', unit_name: '北興109' })] });
    expect(words('a 101 15', [near('101')], { incidents: [going] })?.[0]).toBe(
      '加派 北興101 到 …-0015，預估 3 分 20 秒（已派 北興109）',
    );
    expect(words('a 103 12')).toEqual(['竹園103 停勤中；先復勤才能派', true]);
    expect(words('a 102 7')).toEqual(['北興102 已經派到 …-0007', true]);
    const there = [unit('102', { status: 'ON_SCENE', assignment: world.units[1]?.assignment ?? null })];
    expect(words('a 102 12', [], { units: there })?.[0]).toContain('現場');
  });

  test('a step back is refused before it is sent', () => {
    expect(words('ack 102')).toEqual(['北興102 目前是「前往中」，不能退回「已確認」；說過的時間會留在紀錄', true]);
    expect(words('er 102')?.[1]).toBe(false);
    expect(words('os 102')?.[1]).toBe(false);
  });

  test('undo says what it would take back, or why it can not', () => {
    const shown = (last: Parameters<typeof preview>[2]) => preview(parse('u', world), null, last);
    expect(shown(null)).toEqual({ says: said('command_undo_nothing'), wrong: true });
    expect(shown({ says: said('new_call'), undo: said('command_undo_message') })?.wrong).toBe(true);
    const last = { says: said('command_did_note', { number: '…-0012' }), undo: () => Promise.resolve(said('new_call')) };
    const offered = shown(last);
    expect(offered && worded(offered.says, 'zh-TW')).toBe('復原：已在 …-0012 寫備註');
  });

  test('every command has words for what it will do, with nothing left open', () => {
    const lines = ['a 101 12', 'ack 102', 'er 102', 'os 102', 'c 102', 'c 102 x', 'off 102 x', 'n x', 'm 101 x', 'f x', 'inc 12'];
    lines.push('unit 101', 'close x', 'cancel x', 'out 101 x', 'in 103', 'new', 'v map', 'mode night', '?');
    const sent = (one: Unit) => ({ ...one, assignment: one.assignment && { ...one.assignment, state: 'dispatched' } });
    const all = { ...world, units: world.units.map(sent), role: 'supervisor' as const };
    const told = lines.map((line) => preview(parse(line, all), null, null));
    expect(told.map((one) => one?.wrong)).toEqual(lines.map(() => false));
    for (const one of told) expect(one && worded(one.says, 'en')).not.toMatch(/[{}]/);
    expect(new Set(lines.map((line) => line.split(' ')[0])).size).toBe(COMMANDS.length - 1);
  });
});
