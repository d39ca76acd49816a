// Drives a real Chromium through suggestions where to wait and the areas within reach: node standby.mjs SCENARIO.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { PATROL_URL, PATROL_USER, PATROL_PASSWORD, PATROL_SHOTS } = process.env;
const web = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = web('playwright-core');
const { default: bundled } = await import(pathToFileURL(web.resolve('@sparticuz/chromium')).href);
const ARGUMENTS = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--no-sandbox',
  '--disable-gpu-sandbox',
  '--no-proxy-server',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];
const PATIENCE_MS = 150_000;
const SIZES = { wide: { width: 1440, height: 900 }, tablet: { width: 1024, height: 768 } };
/** Drawn by WebGL in software: a moment until the map stands still. */
const DRAWN_MS = 2_000;

class Desk {
  constructor(page) {
    this.page = page;
    this.troubles = [];
    page.on('pageerror', (error) => this.troubles.push(String(error.stack)));
    page.on('console', (line) => line.type() === 'error' && this.troubles.push(line.text()));
  }

  async open() {
    await this.page.goto(PATROL_URL);
    await this.page.locator('#username').fill(PATROL_USER);
    await this.page.locator('#password').fill(PATROL_PASSWORD);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.frame[data-ready=true]').waitFor({ timeout: PATIENCE_MS });
  }

  async shots(name) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await this.page.setViewportSize(viewport);
      await this.page.waitForTimeout(DRAWN_MS);
      await this.page.screenshot({ path: join(PATROL_SHOTS, `${name}-${size}.png`) });
      const wider = await this.page.evaluate(() => document.body.scrollWidth - document.body.clientWidth);
      assert.ok(wider <= 0, `${name} at ${size} is ${wider} px wider than the screen`);
    }
    await this.page.setViewportSize(SIZES.wide);
  }

  suggestion = () => this.page.locator('[data-suggestion][data-state=open]').first();
}

const scenarios = {
  async accept(desk) {
    const { page } = desk;
    await desk.open();
    await desk.suggestion().waitFor({ timeout: PATIENCE_MS });
    await desk.shots('suggested-zh');
    const id = await desk.suggestion().getAttribute('data-suggestion');
    const line = await desk.suggestion().innerText();
    assert.match(line, /^(北興|南門)\d+ → \S+/);
    assert.match(line, /分鐘內可達 \+\d+ %|平均早到 \d+ 秒/);
    assert.match(line, /車程 \d+ 分/);
    await page.keyboard.press('p');
    await page.keyboard.press('Enter');
    const told = page.locator(`[data-suggestion="${id}"][data-state=accepted]`);
    await told.getByText('已通知').waitFor({ timeout: PATIENCE_MS });

    const areas = page.waitForResponse((answer) => answer.url().endsWith('/coverage/areas') && answer.ok());
    await page.keyboard.press('c');
    assert.ok((await (await areas).json()).features.length > 0);
    await page.getByText('空閒單位可達範圍').waitFor({ timeout: PATIENCE_MS });
    await desk.shots('reach-zh');
    await page.keyboard.press('c');
    await page.getByText('空閒單位可達範圍').waitFor({ state: 'detached', timeout: PATIENCE_MS });
  },

  async dismiss(desk) {
    const { page } = desk;
    await desk.open();
    await page.getByRole('button', { name: 'English', exact: true }).click();
    await desk.suggestion().waitFor({ timeout: PATIENCE_MS });
    await page.keyboard.press('c');
    await page.getByText('Reach of idle units').waitFor({ timeout: PATIENCE_MS });
    await desk.shots('reach-en');
    const id = await desk.suggestion().getAttribute('data-suggestion');
    await page.keyboard.press('p');
    await page.keyboard.press('Delete');
    await page.locator(`[data-suggestion="${id}"]`).waitFor({ state: 'detached', timeout: PATIENCE_MS });
  },

  async alarm(desk) {
    const { page } = desk;
    await desk.open();
    const warning = page.getByRole('button', { name: '涵蓋不足' });
    await warning.waitFor({ timeout: PATIENCE_MS });
    assert.match(await warning.innerText(), /分鐘內可達僅 \d+ %：\S+/);
    await warning.click();
    await page.getByText('薄弱處').waitFor({ timeout: PATIENCE_MS });
    await desk.shots('thin-zh');
    await page.getByRole('button', { name: 'English', exact: true }).click();
    await page.getByText('Coverage is thin').waitFor({ timeout: PATIENCE_MS });
    await desk.shots('thin-en');
  },
};

const scenario = scenarios[process.argv[2]];
assert.ok(scenario, `no such scenario: ${process.argv[2]}`);
mkdirSync(PATROL_SHOTS, { recursive: true });
const browser = await chromium.launch({ executablePath: await bundled.executablePath(), args: ARGUMENTS });
try {
  const context = await browser.newContext({ viewport: SIZES.wide, reducedMotion: 'reduce' });
  const desk = new Desk(await context.newPage());
  try {
    await scenario(desk);
  } catch (error) {
    await desk.page.screenshot({ path: join(PATROL_SHOTS, `failed-${process.argv[2]}.png`) }).catch(() => undefined);
    throw new Error(`${error.message}\nthe page said: ${desk.troubles.join('\n')}`, { cause: error });
  }
  // The browser reports every answer of 400 and more; these are asked for here.
  const expected = /status of 401|WebSocket connection|ERR_|net::/;
  assert.deepEqual(desk.troubles.filter((line) => !expected.test(line)), []);
} finally {
  await browser.close();
}
process.exit(0);
