// One page of the car's screen, with an ear at its loudspeaker and fingers that hold.
import assert from 'node:assert/strict';
import { Desk, eventually } from './chromium.mjs';

const { PATROL_URL, PATROL_LANGUAGE = 'zh-TW' } = process.env;
export const PATIENCE_MS = 40_000;
export const HOLD_MS = 2_000;
export const SCREENS = { tablet: { width: 1024, height: 768 }, phone: { width: 390, height: 844 } };

/** Runs in the page: notes every tone that starts and every word that is spoken. */
function listen() {
  const heard = { tones: [], spoken: [] };
  window.heard = heard;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) {
    heard.tones.push({ hz: this.frequency.value, shape: this.type });
    return start.apply(this, at);
  };
  speechSynthesis.speak = (said) => heard.spoken.push({ words: said.text, lang: said.lang });
}

export class CarDesk extends Desk {
  see = (selector) => this.page.locator(selector).first().waitFor({ timeout: PATIENCE_MS });
  gone = (selector) => this.page.locator(selector).first().waitFor({ state: 'detached', timeout: PATIENCE_MS });
  /** When clicks are taken again: after each change of what stands under a finger there is a moment without. */
  calm = () => this.see('.screen[data-dead=false]');
  async press(selector) {
    await this.see(selector);
    await this.calm();
    await this.page.locator(selector).first().click({ timeout: PATIENCE_MS });
  }
  /** A glove that bounces: clicks the button at the very moment when it comes to lie under it. */
  bounces = (selector) =>
    this.page.evaluate((wanted) => {
      window.bounced = false;
      const clicks = new MutationObserver(() => {
        const button = document.querySelector(wanted);
        if (!button) return;
        clicks.disconnect();
        button.click();
        window.bounced = true;
      });
      clicks.observe(document.body, { subtree: true, childList: true, attributes: true });
    }, selector);
  count = (selector) => this.page.locator(selector).count();
  attribute = (selector, name) => this.page.locator(selector).first().getAttribute(name);
  text = async (selector) => (await this.page.locator(selector).first().innerText()).trim();
  texts = (selector) => this.page.locator(selector).allInnerTexts();
  heard = () => this.page.evaluate(() => window.heard);
  state = () => this.page.evaluate(async () => (await fetch('/api/state')).json());
  phases = async () => (await this.state()).presses.map(({ phase }) => phase).reverse();

  async open(language = PATROL_LANGUAGE, theme = 'day') {
    await this.page.setViewportSize(SCREENS.tablet);
    await this.page.addInitScript(listen);
    await this.page.goto(PATROL_URL);
    await this.page.evaluate(
      ([locale, light]) => {
        localStorage.clear();
        localStorage.setItem('patrol.language', locale);
        localStorage.setItem('patrol.car.theme', light);
      },
      [language, theme],
    );
    await this.page.reload();
    await this.see('footer');
    // Browsers let sound be heard only after a touch.
    await this.page.locator('header strong').click();
  }

  /** From now on the screen is given what `change` makes of the agent's state; null: what the agent says. */
  async pretend(change) {
    await this.page.unrouteAll({ behavior: 'ignoreErrors' });
    if (change) {
      await this.page.route('**/api/events', (route) => route.abort());
      await this.page.route('**/api/state', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: change(await answer.json()) });
      });
    }
    await this.page.reload();
    await this.see('footer');
  }

  /** Where it lies; it must be there. */
  async box(selector) {
    await this.see(selector);
    return this.page.locator(selector).first().boundingBox();
  }

  /** Every message of the control room. */
  async readAll() {
    await this.press('[data-open-notices]');
    await this.see('dialog[open] [data-notice]');
    while ((await this.count('[data-notice][data-read=false]')) > 0) {
      const unread = await this.count('[data-notice][data-read=false]');
      await this.press('[data-notice][data-read=false] button');
      await eventually(async () => (await this.count('[data-notice][data-read=false]')) < unread, 'it is read');
    }
    await this.press('[data-back]');
  }

  /** Ends the SOS: its own button, and a confirmation. */
  async endSos() {
    await this.press('[data-sos-over]');
    await this.press('[data-choice=over]');
    await this.see('footer [data-sos=false]');
  }

  /** Until the newest `count` presses are acknowledged by the server. */
  acknowledged(count) {
    const done = async () => {
      const phases = (await this.phases()).slice(0, count);
      return phases.length === count && phases.every((phase) => phase === 'acknowledged');
    };
    return eventually(done, `${count} presses are acknowledged`, PATIENCE_MS);
  }

  async hold(selector, ms) {
    const box = await this.page.locator(selector).first().boundingBox();
    assert.ok(box);
    await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await this.page.mouse.down();
    await this.page.waitForTimeout(ms);
    await this.page.mouse.up();
  }

  async holdKey(selector, key, ms) {
    await this.page.locator(selector).first().focus();
    await this.page.keyboard.down(key);
    await this.page.waitForTimeout(ms);
    await this.page.keyboard.up(key);
  }
}
