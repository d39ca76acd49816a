// An officer's page at /car in a real Chromium, with the network cut in between: node officer_pwa.mjs SCENARIO.
// What was pressed, and when, is written to presses.json for the test to compare with the database.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Desk, eventually, PATIENCE_MS, play } from './chromium.mjs';
import { complaints, cutOff, otherLanguage } from './looking.mjs';
import { ask } from './visitor.mjs';

const { PATROL_URL, PATROL_SHOTS, PATROL_UNIT, PATROL_LANGUAGE = 'zh-TW', PATROL_OTHER } = process.env;
const PLACE = { latitude: 23.462, longitude: 120.436, accuracy: 8 };
const PEOPLE = /\b(oscar|olga)\b/;
const PHONE = { width: 390, height: 844 };

/** A phone's page is read by scrolling down; nothing may be cut off else. */
const sideways = async (page) => (await cutOff(page)).filter((line) => !line.startsWith('below the page'));

/** Words of the other language; people are called what they are called. */
const otherWords = async (page) => (await otherLanguage(page, PATROL_LANGUAGE)).filter((line) => !PEOPLE.test(line));

class Officer extends Desk {
  presses = [];
  see = (selector) => this.page.locator(selector).first().waitFor({ timeout: PATIENCE_MS });
  gone = (selector) => this.page.locator(selector).first().waitFor({ state: 'hidden', timeout: PATIENCE_MS });
  offline = (cut) => this.page.context().setOffline(cut);

  async start(language = PATROL_LANGUAGE) {
    await this.page.setViewportSize(PHONE);
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
    await this.page.locator(selector).first().click();
    this.presses.push({ what, at_ms: Date.now() });
  }

  async clear() {
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

  /** The page's files are all kept, and this page is served from them. */
  async kept() {
    await eventually(
      () => this.page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state === 'activated' && !!navigator.serviceWorker.controller),
      'the service worker',
    );
  }
}

const scenarios = {
  /** A job from the order to its end, most of it without a network, with a reload in the dark. */
  async job(officer) {
    await officer.start();
    await officer.signIn();
    await officer.chooseUnit();
    await officer.onDuty();
    await officer.kept();
    await ask('call');
    await officer.see('[data-new-job]');
    await officer.shot('new-job');
    await officer.press('acknowledged', '[data-new-job-received]');
    await officer.letGo();
    await eventually(async () => (await ask('acknowledged'), true), 'the first step');

    await officer.offline(true);
    await officer.press('en_route', '[data-press=en_route]');
    await officer.see('[data-trouble=old_state]');
    await officer.shot('offline');
    // Held back when the page goes away: taken up by the next start, with its own time.
    await officer.page.reload();
    await officer.see('[data-phase=on_duty]');
    await officer.stepIs('on_scene');
    await officer.see('[data-trouble=old_state]');
    await officer.page.waitForTimeout(1_500);
    await officer.press('on_scene', '[data-press=on_scene]');
    await officer.sos();
    await officer.page.waitForTimeout(1_500);
    await officer.clear();
    await officer.letGo();
    await officer.shot('offline-done');
    await officer.page.reload();
    await officer.see('[data-phase=on_duty]');
    await officer.page.waitForTimeout(1_000);

    await officer.offline(false);
    await officer.see('[data-link=connected]');
    await ask('all');
    await officer.gone('[data-press=cleared]');
    await officer.shot('done');
    writeFileSync(join(PATROL_SHOTS, 'presses.json'), JSON.stringify(officer.presses));
  },

  /** A press is taken back while it is held; another officer is asked for the unit; the session ends and comes back. */
  async people(officer) {
    await officer.start();
    await officer.signIn('nobody');
    await officer.see('[data-sign-in] [role=alert]:not(:empty)');
    await officer.page.locator('#username').fill('');
    await officer.signIn();
    await officer.chooseUnit(PATROL_OTHER);
    await officer.see('[data-take-over]');
    await officer.page.locator('[data-take-over]').click();
    await officer.onDuty();
    await officer.offline(true);
    await officer.see('[data-trouble=old_state]');
    await officer.page.locator('[data-sign-out]').click();
    await officer.see('nav [role=alert]:not(:empty)');
    await officer.offline(false);
    await officer.see('[data-link=connected]');
    await ask('expire');
    await officer.see('[data-expired=true] [data-sign-in]');
    await officer.see('[data-link=refused]');
    await officer.page.locator('#password').fill(process.env.PATROL_PASSWORD);
    await officer.page.keyboard.press('Enter');
    await officer.see('[data-expired=false]');
    await officer.see('[data-link=connected]');
    await ask('take back');
    await officer.see('[data-phase=no_unit]');
    await officer.page.locator('[data-sign-out]').click();
    await officer.see('[data-phase=signed_out]');
    const kept = await officer.page.evaluate(
      () =>
        new Promise((resolve) => {
          indexedDB.open('patrol-car').onsuccess = ({ target }) => {
            target.result.transaction('kept').objectStore('kept').getAllKeys().onsuccess = (got) => resolve(got.target.result);
          };
        }),
    );
    assert.deepEqual(kept.filter((name) => name !== 'streets'), []);
  },

  /** Each state of the page as axe sees it, and nothing cut off. */
  async axe(officer) {
    const found = [];
    const look = async (state) => {
      await officer.page.waitForTimeout(1_000);
      await officer.shot(`${state}-${PATROL_LANGUAGE}`);
      const wrong = [...(await complaints(officer.page)), ...(await otherWords(officer.page)), ...(await sideways(officer.page))];
      found.push(...wrong.map((line) => `${state}: ${line}`));
    };
    await officer.start();
    await look('sign-in');
    await officer.signIn();
    await officer.see('[data-unit]');
    await look('units');
    await officer.chooseUnit(PATROL_OTHER);
    await officer.see('[data-take-over]');
    await look('take-over');
    await officer.page.locator('[data-back]').click();
    await officer.chooseUnit();
    await officer.onDuty();
    await look('on-duty');
    await officer.offline(true);
    await officer.see('[data-trouble=old_state]');
    await look('offline');
    await officer.offline(false);
    await officer.see('[data-link=connected]');
    await ask('expire');
    await officer.see('[data-expired=true] [data-sign-in]');
    await look('expired');
    assert.deepEqual(found, []);
  },
};

await play(scenarios, { kind: Officer, refusals: [401, 403, 404, 409] });
