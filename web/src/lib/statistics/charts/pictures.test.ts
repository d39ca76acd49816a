// Files of charts and of the map: drawn when their letters are there, and nothing beyond their edge.
import { beforeEach, expect, test, vi } from 'vitest';
import type { Drawing } from './drawing';

const done: string[] = [];
const asked_for: string[] = [];
vi.mock('../../map/glyphs', () => ({
  missingLetters: (texts: Iterable<string>) => [...texts].join(''),
  loadLetters: async (letters: string) => {
    await Promise.resolve();
    asked_for.push(letters);
    done.push('letters');
  },
}));
vi.mock('../../recordings/save_file', () => ({ saveFile: (name: string) => done.push(name) }));
vi.mock('./library', () => ({
  init: () => ({
    setOption: () => done.push('drawn'),
    renderToSVGString: () => '<svg/>',
    renderToCanvas: () => ({ toBlob: (take: (blob: Blob) => void) => take(new Blob()) }),
    dispose: () => undefined,
  }),
}));
const { savePicture } = await import('./picture');
const { saveMapPicture } = await import('./map_picture');

/** Each letter as wide as a Chinese one at 10 px. */
const LETTER = 10;
interface Written {
  text: string;
  x: number;
  y: number;
}
const written: Written[] = [];
const swatches: { x: number; y: number }[] = [];
const brush = {
  measureText: (text: string) => ({ width: [...text].length * LETTER }),
  fillText: (text: string, x: number, y: number) => {
    if (!done.includes('drawn')) done.push('drawn');
    written.push({ text, x, y });
  },
  fillRect: () => undefined,
  strokeRect: (x: number, y: number) => swatches.push({ x, y }),
  scale: () => undefined,
  drawImage: () => undefined,
};
vi.stubGlobal('document', {
  createElement: () => ({ getContext: () => brush, toBlob: (take: (blob: Blob) => void) => take(new Blob()) }),
});

beforeEach(() => {
  for (const list of [done, asked_for, written, swatches]) list.length = 0;
});

const drawing: Drawing = {
  ...{ title: '十分鐘到場率', summary: '', of: '派出所：後湖', note: '小數捨去', file: 'station', height_rem: 10, along: 'y' },
  ...{ marks: [{ lines: ['北興 ▼'], opens: null }], option: () => ({}), table: { heads: [], rows: [] } },
};

test.each(['png', 'svg'] as const)('a chart as %s is drawn when all of its letters are there', async (format) => {
  await savePicture(drawing, format);
  expect(done).toEqual(['letters', 'drawn', `station.${format}`]);
  for (const word of ['十分鐘到場率', '派出所：後湖 · 小數捨去', '北興 ▼', '0123456789']) expect(asked_for[0]).toContain(word);
});

test.each([200, 320, 1200])('on a map %i px wide title, legend and notes stay within it, one below the other', async (width) => {
  const map = {
    once: (_: string, take: () => void) => take(),
    triggerRepaint: () => undefined,
    getCanvas: () => ({ width, height: 100 }),
    getContainer: () => ({ clientWidth: width }),
  };
  const legend = ['≥ 95 %', '≥ 90 %', '≥ 80 %', '≥ 60 %', '< 60 %'].map((name) => ({ colour: '#000000', name }));
  const picture = { title: '哪裡到得慢：十分鐘到場率，含複核後的數字', of: '2026-10-26 – 2026-11-24', legend, notes: ['斜紋：案件少於 20 件'], file: 'map' };
  await saveMapPicture(map as never, picture);
  expect(done).toEqual(['letters', 'drawn', 'map.png']);
  expect(asked_for[0]).toContain('斜紋');
  for (const { text, x } of written) expect(x + [...text].length * LETTER, text).toBeLessThanOrEqual(width);
  expect(written.map(({ text }) => text).join('')).toBe([picture.title, picture.of, ...legend.map(({ name }) => name), ...picture.notes].join(''));
  expect(swatches).toHaveLength(5);
  expect(new Set(swatches.map(({ x, y }) => `${x} ${y}`)).size).toBe(5);
  const ys = written.map(({ y }) => y);
  expect(ys).toEqual([...ys].sort((a, b) => a - b));
  expect(new Set(swatches.map(({ y }) => y)).size).toBe({ 200: 5, 320: 2, 1200: 1 }[width]);
});
