// Draws the icons of the officers' page as PNG, from public/car-icon.svg, with the browser that the tests use: node icons.mjs
import { readFileSync } from 'node:fs';
import bundled from '@sparticuz/chromium';
import { chromium } from 'playwright-core';

const SIZES = [180, 192, 512];
const svg = readFileSync('public/car-icon.svg', 'utf8');
const browser = await chromium.launch({ executablePath: await bundled.executablePath(), args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const size of SIZES) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    await page.setContent(`<body style="margin:0">${svg.replace('<svg ', `<svg width="${size}" height="${size}" style="display:block" `)}`);
    await page.screenshot({ path: `public/car-icon-${size}.png` });
  }
} finally {
  await browser.close();
}
