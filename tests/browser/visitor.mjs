// Somebody who walks through the screens and knows their words; used by visits.mjs and accessibility.mjs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Desk } from './chromium.mjs';

const { PATROL_LANGUAGE = 'zh-TW', PATROL_URL } = process.env;
const TEXTS = JSON.parse(readFileSync(new URL(`../../web/messages/${PATROL_LANGUAGE}.json`, import.meta.url), 'utf8'));
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
/** Two streets of the town; its names are Chinese in either language. */
const CROSSING = '吳鳳路 自由街';
/** Less than a test's whole patience: one state that is never reached must not use it up. */
export const PATIENCE_MS = 60_000;
/** Until the map has drawn what changed. */
const DRAWN_MS = 800;

/** Asks the test outside for something and waits until it is done. */
export async function ask(wish) {
  process.stdout.write(`${wish}\n`);
  await answers.next();
}

/** Somebody at the desk who knows its words in the language of this walk. */
export class Visitor extends Desk {
  t = (key) => TEXTS[key] ?? assert.fail(`no text ${key}`);
  see = (selector) => this.page.locator(selector).first().waitFor({ timeout: PATIENCE_MS });
  press = (...keys) => keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  still = () => this.page.waitForTimeout(DRAWN_MS);
  panel = () => this.page.locator('article[data-incident-panel]:visible');

  async begin(language) {
    await this.page.goto(PATROL_URL);
    await this.page.evaluate((locale) => localStorage.setItem('patrol.language', locale), language);
    await this.page.reload();
    await this.see('#username');
  }

  async enter() {
    await this.signIn();
    await this.see('.frame[data-ready=true]');
  }

  /** By its address, with nothing open on it. */
  async goTo(id) {
    await this.page.evaluate((hash) => (location.hash = hash), `#/${id}`);
    await this.page.evaluate(() => document.activeElement?.blur());
    if (id === 'map') await this.press('Escape', 'Escape', 'Escape');
  }

  async openCall(number) {
    await this.page.locator('[data-incident]').filter({ hasText: number }).first().click();
    await this.panel().getByText(number).first().waitFor({ timeout: PATIENCE_MS });
  }

  /** A call of an accident, with a place typed and offered. */
  async place() {
    await this.press('n');
    await this.see('input[name=category]:focus');
    await this.press('a', '2');
    await this.see('#place:focus');
    await this.page.keyboard.type(CROSSING);
    await this.see('[role=option]');
  }

  async discard() {
    await this.button(this.t('discard')).click();
    await this.page.locator('#place').waitFor({ state: 'detached' });
  }

  /** A what-if's form, with these in it. */
  async question({ name, days, replications } = {}) {
    await this.button(this.t('what_if_new')).first().click();
    await this.see('#what-if-name');
    if (name === undefined) return;
    await this.page.locator('#what-if-name').fill(name);
    await this.page.locator('#what-if-days').fill(String(days));
    await this.page.locator('#what-if-replications').fill(String(replications));
  }

  /** Rules that the page's content security policy knows nothing of; gives what takes them back. */
  async spaced(rules) {
    const sheet = await this.page.evaluateHandle((css) => {
      const made = new CSSStyleSheet();
      made.replaceSync(css);
      document.adoptedStyleSheets.push(made);
      return made;
    }, rules);
    return () => sheet.evaluate((made) => made.replaceSync(''));
  }
}
