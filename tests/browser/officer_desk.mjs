// An officer's page at /car in a real Chromium: how a test gets there, presses, and looks at it.
import { Desk, eventually, PATIENCE_MS } from './chromium.mjs';
import { complaints, cutOff, otherLanguage } from './looking.mjs';

const { PATROL_URL, PATROL_UNIT, PATROL_LANGUAGE = 'zh-TW' } = process.env;
const PLACE = { latitude: 23.462, longitude: 120.436, accuracy: 8 };
const PEOPLE = /\b(oscar|olga)\b/;
const PHONE = { width: 390, height: 844 };
export const TABLET = { width: 1024, height: 768 };
/** What a browser leaves out where a page comes over plain HTTP. */
export const withoutTls = () => {
  delete Crypto.prototype.randomUUID;
  delete Navigator.prototype.serviceWorker;
  delete Navigator.prototype.storage;
};

/** A phone's page is read by scrolling down; nothing may be cut off else. */
const sideways = async (page) => (await cutOff(page)).filter((line) => !line.startsWith('below the page'));

/** Words of the other language; people are called what they are called. */
const otherWords = async (page) => (await otherLanguage(page, PATROL_LANGUAGE)).filter((line) => !PEOPLE.test(line));

export class Officer extends Desk {
  presses = [];
  see = (selector) => this.page.locator(selector).first().waitFor({ timeout: PATIENCE_MS });
  gone = (selector) => this.page.locator(selector).first().waitFor({ state: 'hidden', timeout: PATIENCE_MS });
  offline = (cut) => this.page.context().setOffline(cut);

  async start(language = PATROL_LANGUAGE, size = PHONE) {
    await this.page.setViewportSize(size);
    const context = this.page.context();
    await context.grantPermissions(['geolocation'], { origin: new URL(PATROL_URL).origin });
    await context.setGeolocation(PLACE);
    await this.page.addInitScript((chosen) => localStorage.setItem('patrol.language', chosen), language);
    await this.page.goto(`${PATROL_URL}/car`);
    await this.see('[data-sign-in]');
  }

  async chooseUnit(unit = PATROL_UNIT) {
    await this.page.locator(`[data-unit="${unit}"]`).click();
  }

  async onDuty() {
    await this.see('[data-phase=on_duty]');
    await this.see('[data-link=connected]');
  }

  /** Presses, and writes down what and when. */
  async press(what, selector) {
    await this.calm();
    await this.page.locator(selector).first().click();
    this.presses.push({ what, at_ms: Date.now() });
  }

  /** When clicks are taken again after a change of the picture. */
  calm = () => this.see('.screen[data-dead=false]');

  async clear() {
    await this.calm();
    await this.page.locator('[data-press=cleared]').click();
    await this.press('cleared', '[data-choice]');
  }

  /** Until nothing can be taken back any more. */
  letGo = () => this.page.waitForTimeout(5_500);
  async stepIs(step) {
    await this.see(`[data-press=${step}].go`);
  }

  async sos() {
    const button = this.page.locator('[data-sos]').first();
    const box = await button.boundingBox();
    await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await this.page.mouse.down();
    await this.page.waitForTimeout(2_400);
    this.presses.push({ what: 'sos', at_ms: Date.now() - 400 });
    await this.page.mouse.up();
  }

  /** The keys of all that lies in the browser's database, by store. */
  stores() {
    return this.page.evaluate(async () => {
      const answer = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const database = await answer(indexedDB.open('patrol-car'));
      const found = {};
      for (const name of database.objectStoreNames) found[name] = await answer(database.transaction(name).objectStore(name).getAllKeys());
      database.close();
      return found;
    });
  }

  /** As another window of the same browser would choose it. */
  night() {
    return this.page.evaluate(() => {
      localStorage.setItem('patrol.car.theme', 'night');
      dispatchEvent(new StorageEvent('storage', { key: 'patrol.car.theme', newValue: 'night' }));
    });
  }

  /** What is wrong with the page as it stands, with the name of the state. */
  async wrong(state) {
    await this.page.waitForTimeout(1_000);
    await this.shot(`${state}-${PATROL_LANGUAGE}`);
    const found = [...(await complaints(this.page)), ...(await otherWords(this.page)), ...(await sideways(this.page))];
    return found.map((line) => `${state}: ${line}`);
  }

  /** The page's files are all kept, and this page is served from them. */
  async kept() {
    await eventually(
      () => this.page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state === 'activated' && !!navigator.serviceWorker.controller),
      'the service worker',
    );
  }
}
