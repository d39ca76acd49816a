// What the officers' page at /car needs of the build: the service worker, which knows every file of the page by name.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { filesOf } from './car_page';

const PAGE = 'officer.html';
const WORKER = 'car-worker.js';
/** Beside what the page imports. A font comes in a hundred pieces: those that were needed are kept as they come. */
const BESIDE = ['/car.webmanifest', '/car-icon.svg'];
const COMES_IN_PIECES = /\.woff2?$/;

/** Writes the worker with the list of files, and a version that changes when any of them does. */
export function keptByTheBrowser(): Plugin {
  return {
    name: 'kept-by-the-browser',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const own = [...filesOf(bundle, PAGE)].filter((name) => !COMES_IN_PIECES.test(name)).sort();
        const page = bundle[PAGE];
        const html = page?.type === 'asset' ? String(page.source) : '';
        const beside = BESIDE.map((name) => readFileSync(join('public', name)));
        const source = readFileSync(join(import.meta.dirname, WORKER), 'utf8');
        const version = createHash('sha256').update([source, html, ...own, ...beside].join('\n')).digest('hex').slice(0, 16);
        const files = [...own.map((name) => `/${name}`), ...BESIDE];
        const worker = source.replace("'VERSION'", JSON.stringify(version)).replace("['FILES']", JSON.stringify(files));
        this.emitFile({ type: 'asset', fileName: WORKER, source: worker });
      },
    },
  };
}
