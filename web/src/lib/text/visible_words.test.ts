// No component shows a word that is not among the texts, in markup, in a label that is read aloud, or in its script.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { visibleWords } from '../../test/visible_words';

const ROOT = join(import.meta.dirname, '../..');
/** Each language is named in itself, whichever is spoken. */
const THEMSELVES = ['LanguageSwitch.svelte'];

test.each([
  ['<p>Open calls</p>', ['Open calls']],
  ['{#if a}<p>處理中</p>{:else}<b>none left</b>{/if}', ['處理中', 'none left']],
  ['<input placeholder="Where?" />', ['Where?']],
  ['<button aria-label={open ? "Close it" : t("open")}>×</button>', ['Close it']],
  ['<p>{count > 0 ? "some" : ""} {`${n} calls`}</p>', ['some', 'calls']],
  ['<Field label="Days" />', ['Days']],
  ['<script>const names = { a: "代號" };</script><p>{names.a}</p>', ['代號']],
])('finds the words in %s', (source, words) => {
  expect(visibleWords(source)).toEqual(words);
});

test.each([
  '<p class="quiet-text" data-state="on_scene">{t("open_calls")} · {speed} km/h</p>',
  '<button onclick={() => go("map")} title={t("back")}>✕ <kbd>Esc</kbd></button>',
  '{#if kind === "sos"}<p>⚠ {named("alarm", kind)}</p>{/if}',
  '<!-- 說明 --><script>// 說明\nlet a = $state("map");</script><style>p::before { content: "!"; }</style>',
])('finds none in %s', (source) => {
  expect(visibleWords(source)).toEqual([]);
});

test('no component has words of its own', () => {
  const components = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.svelte'));
  const found = components
    .filter((name) => !THEMSELVES.some((own) => name.endsWith(own)))
    .flatMap((name) => visibleWords(readFileSync(join(ROOT, name), 'utf8')).map((word) => `${name}: ${word}`));
  expect(components.length).toBeGreaterThan(40);
  expect(found).toEqual([]);
});
