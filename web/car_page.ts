// What the car's page needs of the build: its texts alone out of all, and a copy of its files for the agent to serve.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin, Rolldown } from 'vite';

const PAGE = 'car.html';
/** Texts by these prefixes are the car's. */
export const CAR_TEXTS = /^(car|category)_/;

/** `messages/en.json?car` holds the car's texts: the desk's are ten times as many. */
export function carTexts(): Plugin {
  return {
    name: 'car-texts',
    enforce: 'pre',
    load(id) {
      const [file = '', query] = id.split('?');
      if (query !== 'car' || !file.endsWith('.json')) return null;
      const all = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
      const own = Object.entries(all).filter(([key]) => CAR_TEXTS.test(key));
      this.addWatchFile(file);
      return { code: `export default ${JSON.stringify(Object.fromEntries(own))}`, moduleType: 'js' };
    },
  };
}

/** All that the page may ever load: what it imports, at once or later, with style sheets, fonts and the map's worker. */
export function filesOf(bundle: Rolldown.OutputBundle, page = PAGE): Set<string> {
  const names = new Set<string>();
  const visit = (name: string) => {
    const file = bundle[name];
    if (!file || names.has(name)) return;
    names.add(name);
    if (file.type === 'chunk') {
      const { importedCss, importedAssets } = file.viteMetadata ?? {};
      for (const next of [...file.imports, ...file.dynamicImports, ...(importedCss ?? []), ...(importedAssets ?? [])]) visit(next);
    } else if (name.endsWith('.css')) {
      for (const [, next = ''] of String(file.source).matchAll(/url\(["']?\/([^"')]+)/g)) visit(next);
    }
  };
  const entry = Object.values(bundle).find((file) => file.type === 'chunk' && file.isEntry && file.facadeModuleId?.endsWith(page));
  if (entry) visit(entry.fileName);
  return names;
}

/** Puts the page into `folder`, from where the agent serves it, with or without a network. It says which copy it is. */
export function packedForTheCar(folder: string): Plugin {
  return {
    name: 'packed-for-the-car',
    writeBundle(options, bundle) {
      const dist = options.dir ?? 'dist';
      rmSync(folder, { recursive: true, force: true });
      for (const name of filesOf(bundle)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        cpSync(join(dist, name), join(folder, name));
      }
      const page = readFileSync(join(dist, PAGE), 'utf8');
      writeFileSync(join(folder, 'index.html'), page.replace('data-backend="browser"', 'data-backend="agent"'));
      const icons = readdirSync(dist).filter((name) => name.endsWith('.svg'));
      for (const name of icons) cpSync(join(dist, name), join(folder, name));
    },
  };
}
