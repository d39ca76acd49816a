// What every browser test's driver shares: a real Chromium that reaches this machine alone, a desk to sign in at, and the
// run of one scenario by name: node DRIVER.mjs SCENARIO. Settings come in the environment, PATROL_BROWSER from
// chromium_server.mjs.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { PATROL_BROWSER, PATROL_URL, PATROL_USER, PATROL_PASSWORD, PATROL_SHOTS } = process.env;
const web = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = web('playwright-core');
/** On a busy machine that draws WebGL in software. */
export const PATIENCE_MS = 150_000;
export const SIZES = { wide: { width: 1440, height: 900 }, tablet: { width: 1024, height: 768 } };
/** Does somebody want the pictures (LIVE_MAP_SHOTS and its like, or those of docs/)? Where nobody does, none is taken but of
 *  failures, with half the dots each way: to draw maps in software is most of what these tests cost. */
const LOOKED_AT = Object.entries(process.env).some(
  ([name, value]) => value && /._(SHOTS|SCREENS|PICTURES)$/.test(name) && name !== 'PATROL_SHOTS',
);
export const SEEN = { viewport: SIZES.wide, reducedMotion: 'reduce', deviceScaleFactor: LOOKED_AT ? 1 : 0.5 };
/** A moment until the map stands still after its size changed. */
export const DRAWN_MS = LOOKED_AT ? 2_000 : 300;

/** One page and what it complained of. */
export class Desk {
  constructor(page) {
    this.page = page;
    this.troubles = [];
    page.on('pageerror', (error) => this.troubles.push(String(error.stack)));
    page.on('console', (line) => line.type() === 'error' && this.troubles.push(line.text()));
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(PATROL_URL)) {
        this.troubles.push(`asked elsewhere: ${request.url()}`);
      }
    });
  }

  button = (name) => this.page.getByRole('button', { name, exact: true });
  sees = (text) => this.page.getByText(text).first().waitFor({ timeout: PATIENCE_MS });
  async shot(name, fullPage = false) {
    if (LOOKED_AT || name.startsWith('failed-')) {
      await this.page.screenshot({ path: join(PATROL_SHOTS, `${name}.png`), fullPage });
    }
  }

  async signIn(user = PATROL_USER) {
    await this.page.locator('#username').fill(user);
    await this.page.locator('#password').fill(PATROL_PASSWORD);
    await this.page.keyboard.press('Enter');
  }

  /** Signs in and waits for `ready`: the map with its streets, where nothing else is said. */
  async open(ready = '.frame[data-ready=true]') {
    await this.page.goto(PATROL_URL);
    await this.signIn();
    await this.page.locator(ready).waitFor({ timeout: PATIENCE_MS });
  }

  /** A picture in each size; at none of them may `box` be wider than what shows it. */
  async shots(name, { box = 'body', drawn_ms = DRAWN_MS } = {}) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await this.page.setViewportSize(viewport);
      await this.page.waitForTimeout(drawn_ms);
      await this.shot(`${name}-${size}`);
      const wider = await this.page.evaluate((selector) => {
        const found = document.querySelector(selector);
        return found ? found.scrollWidth - found.clientWidth : 0;
      }, box);
      assert.ok(wider <= 1, `${name} at ${size} is ${wider} px wider than its box`);
    }
    await this.page.setViewportSize(SIZES.wide);
  }
}

/** Until `look` gives something true. */
export async function eventually(look, what, patience_ms = PATIENCE_MS) {
  const deadline = Date.now() + patience_ms;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    assert.ok(Date.now() < deadline, `it never came: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Runs the scenario that the command line names. `refusals`: statuses of 400 and more that it asks for; `sharp`: it counts dots. */
export async function play(scenarios, { kind = Desk, refusals = [401], sharp = false } = {}) {
  const name = process.argv[2];
  const scenario = scenarios[name];
  assert.ok(scenario, `no such scenario: ${name}`);
  mkdirSync(PATROL_SHOTS, { recursive: true });
  const browser = await chromium.connect(PATROL_BROWSER);
  try {
    const context = await browser.newContext({ ...SEEN, ...(sharp && { deviceScaleFactor: 1 }), acceptDownloads: true });
    // A page that waits behind other tests is late, not broken.
    context.setDefaultNavigationTimeout(90_000);
    const desk = new kind(await context.newPage());
    try {
      await scenario(desk);
    } catch (error) {
      await desk.shot(`failed-${name}`).catch((also) => desk.troubles.push(also.message));
      throw new Error(`${error.message}\nthe page said: ${desk.troubles.join('\n')}`, { cause: error });
    }
    // The browser itself reports each of these as an error.
    const expected = new RegExp(`status of (${refusals.join('|')})|WebSocket connection|ERR_|net::`);
    assert.deepEqual(desk.troubles.filter((line) => !expected.test(line)), []);
  } finally {
    // A question that is under way through a route is no failure when the page goes.
    const pages = browser.contexts().flatMap((context) => context.pages());
    await Promise.all(pages.map((page) => page.unrouteAll({ behavior: 'ignoreErrors' })));
    await browser.close();
  }
  process.exit(0);
}
