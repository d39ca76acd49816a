// Both languages say the same things, and say nothing that no screen asks for.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isTextKey, LOCALES, TEXTS, textIn } from './texts';

const ROOT = join(import.meta.dirname, '../..');
const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(svelte|ts)$/.test(name) && !/\.test\.ts$|schema\.d\.ts$/.test(name))
  .map((name) => readFileSync(join(ROOT, name), 'utf8'))
  .join('\n');
const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('each language has exactly the same keys, none of them empty', () => {
  for (const locale of LOCALES) {
    expect(Object.keys(TEXTS[locale]).sort()).toEqual(Object.keys(TEXTS['zh-TW']).sort());
    for (const [key, text] of Object.entries(TEXTS[locale])) expect(text.trim(), `${locale} ${key}`).not.toBe('');
  }
});

test('a text asks for the same values in each language', () => {
  for (const [key, text] of Object.entries(TEXTS.en)) {
    if (isTextKey(key)) expect(blanks(TEXTS['zh-TW'][key]), key).toEqual(blanks(text));
  }
});

test('every text is used: by its name, or as one of a group that is asked for by code', () => {
  const groups = [...sources.matchAll(/(?:named\('|t\(`|`)(\w+?)(?:_\$\{|',)/g)].map(([, group]) => group);
  const computed = new Set([...groups, ...['precinct', 'station', 'weekday', 'priority', 'category']]);
  const unused = Object.keys(TEXTS.en).filter((key) => {
    const prefixes = [...key.matchAll(/_/g)].map(({ index }) => key.slice(0, index));
    return !sources.includes(`'${key}'`) && !prefixes.some((prefix) => computed.has(prefix));
  });
  expect(unused).toEqual([]);
});

test('Chinese texts are Chinese and English texts have no Chinese', () => {
  const han = /\p{Script=Han}/u;
  const same = new Set(['said_gps', 'colon', 'comma']);
  for (const [key, text] of Object.entries(TEXTS['zh-TW'])) {
    if (!same.has(key)) expect(han.test(text), key).toBe(true);
  }
  for (const [key, text] of Object.entries(TEXTS.en)) expect(han.test(text), key).toBe(false);
  const untranslated = Object.entries(TEXTS.en).filter(([key, text]) => isTextKey(key) && TEXTS['zh-TW'][key] === text);
  expect(untranslated.map(([key]) => key).filter((key) => !same.has(key))).toEqual([]);
});

test('values are filled in, and one that is missing stays visible', () => {
  expect(textIn('en', 'assign_unit', { unit: '北興01' })).toBe('Send 北興01');
  expect(textIn('en', 'assign_unit')).toBe('Send {unit}');
});
