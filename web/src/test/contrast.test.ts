// Every text is read at 4.5:1 and every mark seen at 3:1, in both lights; the rules of each component are read as well.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { colourOf, contrast, variablesOf } from './contrast';

const ROOT = join(import.meta.dirname, '..');
const css = readFileSync(join(ROOT, 'app.css'), 'utf8');
const full = variablesOf(css, ':root');
const lights = { full, dim: new Map([...full, ...variablesOf(css, ":root[data-light='dim']")]) };
const GROUNDS = ['ground', 'panel', 'raised'];
const TEXTS = ['text', 'quiet', 'accent', 'green', 'amber', 'red', 'violet', 'grey'];

/** The rules of all components: file, selector, declarations. Print and pictures of the map are not on this ground. */
const rules = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.svelte'))
  .flatMap((name) => {
    const style = /<style>(.*)<\/style>/s.exec(readFileSync(join(ROOT, name), 'utf8'))?.[1] ?? '';
    const screen = style.replace(/\/\*.*?\*\//gs, '').replace(/@media print \{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, '');
    return [...screen.matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(([, selector = '', body = '']) => {
      const declared = new Map(
        body.split(';').map((line) => [line.split(':')[0]?.trim() ?? '', line.split(':').slice(1).join(':')]),
      );
      return { where: `${name} ${selector.trim()}`, declared };
    });
  });

test('contrast is counted as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  expect(colourOf('var(--x)', new Map([['x', '#abc']]))).toBe('#aabbcc');
  expect(colourOf('inherit', new Map())).toBeNull();
});

describe.each(Object.entries(lights))('in the %s light', (_, colours) => {
  const of = (name: string) => colourOf(`var(--${name})`, colours) ?? `no colour ${name}`;

  test.each(TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)))('%s on %s is read', (text, ground) => {
    expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  test.each([
    ['on-accent', 'accent'],
    ['on-amber', 'amber'],
    ['on-alarm', 'alarm'],
  ])('%s on %s is read', (text, ground) => {
    expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(GROUNDS)('the edge of a field and the ring of the focus are seen on %s', (ground) => {
    expect(contrast(of('edge'), of(ground))).toBeGreaterThanOrEqual(3);
    expect(contrast(of('accent'), of(ground))).toBeGreaterThanOrEqual(3);
  });

  test('a component that says text and ground says two that can be read', () => {
    const faint = rules.flatMap(({ where, declared }) => {
      const text = colourOf(declared.get('color') ?? '', colours);
      const ground = colourOf(declared.get('background') ?? declared.get('background-color') ?? '', colours);
      if (!text || !ground) return [];
      const ratio = contrast(text, ground);
      return ratio < 4.5 ? [`${where}: ${ratio.toFixed(2)}`] : [];
    });
    expect(faint).toEqual([]);
  });
});

test('no component takes the ring of the focus away', () => {
  const taken = rules.filter(({ declared }) => /^\s*(none|0)\b/.test(declared.get('outline') ?? ''));
  expect(taken.map(({ where }) => where)).toEqual([]);
});
