// What somebody waits for before the sign-in screen, and before the first screen behind it: the bytes of a fresh build.
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { build, type Rolldown } from 'vite';
import { beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
/** Compressed, without fonts and map library. Source: the console's first load, issue 4, item 8. */
const LIMIT_BYTES = 500_000;
/** The car's computer is slow, and its page must stand at once; style sheets with a hundred pieces of font are in it. */
const CAR_LIMIT_BYTES = 120_000;
const PATIENCE_MS = 120_000;
type Output = Rolldown.OutputChunk | Rolldown.OutputAsset;
let output: Output[] = [];

beforeAll(async () => {
  const built = await build({ root: ROOT, logLevel: 'silent', build: { write: false } });
  output = (Array.isArray(built) ? built : [built]).flatMap((one) => ('output' in one ? one.output : []));
}, PATIENCE_MS);

const chunks = () => output.filter((file) => file.type === 'chunk');
const chunk = (name: string) => chunks().find((file) => file.fileName === name);
const isMapLibrary = (file: { fileName: string }) => file.fileName.includes('maplibre');

/** A chunk with all that it pulls in by itself, the style sheets of each among them. */
function pulledIn(first: Rolldown.OutputChunk): Output[] {
  const names = new Set<string>();
  const visit = (file: Rolldown.OutputChunk) => {
    if (names.has(file.fileName)) return;
    names.add(file.fileName);
    for (const css of file.viteMetadata?.importedCss ?? []) names.add(css);
    for (const name of file.imports) {
      const next = chunk(name);
      if (next) visit(next);
    }
  };
  visit(first);
  return output.filter((file) => names.has(file.fileName));
}

function entry(page = '/index.html'): Rolldown.OutputChunk {
  const found = chunks().find((file) => file.isEntry && file.facadeModuleId?.endsWith(page));
  if (!found) throw new Error(`the build has no entry ${page}`);
  return found;
}

/** The chunk of a source file that is loaded when it is asked for. */
function lazily(source: string): Rolldown.OutputChunk {
  const found = chunks().find((file) => file.isDynamicEntry && file.facadeModuleId?.endsWith(source));
  if (!found) throw new Error(`${source} is not loaded on its own`);
  return found;
}

const contentOf = (file: Output) => (file.type === 'chunk' ? file.code : file.source);
const gzipped = (files: Iterable<Output>) =>
  [...files].reduce((sum, file) => sum + gzipSync(contentOf(file), { level: 9 }).length, 0);

test('the first load is small, and holds nothing of the map library', () => {
  const files = [...pulledIn(entry()), ...output.filter((file) => file.fileName === 'index.html')];
  expect(files.filter(isMapLibrary)).toEqual([]);
  expect(files.length).toBeGreaterThanOrEqual(3);
  expect(gzipped(files)).toBeLessThan(LIMIT_BYTES);
});

test('the map with its list, all of it but the map library, is as small', () => {
  const map = ['/shell/LiveScreen.svelte', '/map/LiveMap.svelte'].map(lazily);
  const files = new Set([entry(), ...map].flatMap(pulledIn));
  expect(chunks().filter(isMapLibrary)).toHaveLength(1);
  expect(gzipped([...files].filter((file) => !isMapLibrary(file)))).toBeLessThan(LIMIT_BYTES);
});

test('the car begins with less: its own words alone, and no map', () => {
  const files = [...pulledIn(entry('/car.html')), ...output.filter((file) => file.fileName === 'car.html')];
  expect(files.filter(isMapLibrary)).toEqual([]);
  expect(gzipped(files)).toBeLessThan(CAR_LIMIT_BYTES);
  const code = files.map((file) => String(contentOf(file))).join('');
  expect(code).toContain('緊急求援');
  expect(code).not.toContain('110 派遣');
});

test('text is there before its font is', () => {
  const css = output.filter((file) => file.fileName.endsWith('.css')).map((file) => String(contentOf(file)));
  const faces = css.flatMap((text) => text.match(/@font-face\s*\{[^}]*\}/g) ?? []);
  expect(faces.length).toBeGreaterThan(90);
  for (const face of faces) {
    expect(face).toMatch(/font-display:\s*swap/);
    expect(face).toMatch(/unicode-range:/);
  }
});
