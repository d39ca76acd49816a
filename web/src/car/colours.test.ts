// What text stands on, by day and by night: at least 4.5:1; what is pressed without looking closely 7:1.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contrast } from '../test/contrast';

const CSS = readFileSync(join(import.meta.dirname, 'car.css'), 'utf8');
const block = (selector: string) => CSS.slice(CSS.indexOf(`${selector} {`)).split('}')[0] ?? '';
const coloursIn = (text: string) => Object.fromEntries([...text.matchAll(/--([\w-]+):\s*(#\w{6})/g)].map(([, name, value]) => [name, value]));
const day = coloursIn(block(':root'));
const night = { ...day, ...coloursIn(block(":root[data-theme='night']")) };

const PAIRS: [string, string, number][] = [
  ['ink', 'card', 7],
  ['ink', 'ground', 7],
  ['ink', 'button', 7],
  ['quiet', 'card', 7],
  ['quiet', 'ground', 7],
  ['on-go', 'go', 7],
  ['on-alarm', 'alarm', 7],
  ['on-amber', 'amber', 7],
  ['on-good', 'good', 7],
];

test.each(PAIRS)('%s on %s', (text, ground, least) => {
  for (const colours of [day, night] as Record<string, string>[]) {
    expect(contrast(colours[text] ?? '', colours[ground] ?? '')).toBeGreaterThanOrEqual(least);
  }
});
