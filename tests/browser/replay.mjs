// Drives a real Chromium through an hour live and through its replay: node replay.mjs SCENARIO.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline/promises';
import { Desk, eventually, PATIENCE_MS, play } from './chromium.mjs';
import { complaints } from './looking.mjs';

const answers = createInterface({ input: process.stdin });
const COUNTED = ['DISPATCHED', 'EN_ROUTE', 'ON_SCENE', 'OUT_OF_SERVICE'];

/** Asks the test for something that a browser can't do. */
async function wish(what) {
  console.log(what);
  await new Promise((done) => answers.once('line', done));
}

class ReplayDesk extends Desk {
  /** A request with this page's session. */
  ask = (method, path, body) =>
    this.page.evaluate(
      async ({ method, path, body }) => {
        const { csrf_token } = await (await fetch('/api/v1/session')).json();
        const answer = await fetch(`/api/v1${path}`, {
          method,
          headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        return answer.json();
      },
      { method, path, body },
    );

  /** What the live console shows: calls in the list, units by status in the bar. */
  async live() {
    const bar = await this.page.locator('header .counts li').evaluateAll((items) =>
      items.map((item) => [item.getAttribute('title'), item.querySelector('b')?.textContent?.trim()]),
    );
    const calls = await this.page.locator('section.calls').innerText();
    const { items } = await this.ask('GET', '/units');
    const busy = items.filter(({ status }) => COUNTED.includes(status));
    return { at_ms: Date.now(), bar: Object.fromEntries(bar), calls, units: busy.map((u) => `${u.name} ${u.status}`).sort() };
  }

  shown_ms = async () => Date.parse((await this.page.locator('main[data-replay-at]').getAttribute('data-replay-at')) ?? '');

  /** What the replay shows, in the same words. */
  async past() {
    const bar = await this.page.locator('[data-past-units] dt').evaluateAll((items) =>
      items.map((item) => [item.textContent.replace(/\d+\s*$/, '').trim(), item.querySelector('b')?.textContent?.trim()]),
    );
    const units = await this.page
      .locator('[data-past-unit]')
      .evaluateAll((items) => items.map((item) => `${item.dataset.pastUnit} ${item.dataset.status}`));
    return { bar: Object.fromEntries(bar), calls: await this.page.locator('[data-past-calls]').innerText(), units: units.sort() };
  }

  /** By the arrow keys to the ten seconds that hold this moment. */
  async goTo(at_ms) {
    for (;;) {
      const from_ms = await this.shown_ms();
      if (from_ms > at_ms) await this.page.keyboard.press('ArrowLeft');
      else if (at_ms - from_ms >= 60_000) await this.page.keyboard.press('Shift+ArrowRight');
      else if (at_ms - from_ms >= 10_000) await this.page.keyboard.press('ArrowRight');
      else return;
      await eventually(async () => (await this.shown_ms()) !== from_ms, 'the moment moves');
    }
  }

  async load(text) {
    await this.page.getByRole('button', { name: text, exact: true }).click();
    await this.page.locator('main[data-replay-at]').waitFor({ timeout: PATIENCE_MS });
    await this.page.locator('main[data-replay-at] .frame[data-ready=true]').waitFor({ timeout: PATIENCE_MS });
  }
}

/** Long enough that a step of ten seconds can't leap over what was looked at. */
const stay = (page) => page.waitForTimeout(13_000);

const scenarios = {
  async again(desk) {
    const { page } = desk;
    await desk.open();
    await stay(page);
    const quiet = await desk.live();
    const call = await desk.ask('POST', '/incidents', {
      category: 'criminal', priority: 1, lat: 23.4665, lon: 120.4365, address: '中山路與民族路口', description: '搶奪',
    });
    await eventually(async () => (await desk.live()).units.some((unit) => unit.endsWith('EN_ROUTE')), 'a unit sets out');
    await page.locator('section.calls').getByText(call.number.slice(-4)).first().waitFor({ timeout: PATIENCE_MS });
    await stay(page);
    const going = await desk.live();
    await wish('sos');
    await page.locator('[role=alert], [data-sos]').first().waitFor({ timeout: PATIENCE_MS });
    await stay(page);
    const help_ms = Date.now();
    await desk.shot('live-zh-wide');
    await wish('safe');
    await desk.ask('POST', `/incidents/${call.id}/close`, { disposition: '現場處理完畢' });
    await eventually(async () => !(await desk.live()).units.length, 'the units are free');
    await stay(page);
    const over = await desk.live();

    await page.keyboard.press('r');
    await desk.load('載入');
    await page.getByRole('slider', { name: '時間' }).focus();
    for (const seen of [going, quiet, over]) {
      await desk.goTo(seen.at_ms);
      const past = await desk.past();
      assert.deepEqual(past.units, seen.units);
      for (const [status, count] of Object.entries(past.bar)) assert.equal(count, seen.bar[status], status);
      assert.equal(past.calls.includes(call.number), seen === going);
    }
    await desk.goTo(help_ms);
    await page.locator('[data-past-alarm=sos]').getByText('竹園301').waitFor({ timeout: PATIENCE_MS });
    const { calls, units } = await desk.past();
    assert.match(calls, /中山路與民族路口/);
    const [unit] = units.find((one) => one.endsWith('EN_ROUTE')).split(' ');
    assert.match(calls, new RegExp(unit));
    const decision = page.locator('[data-past-decision]');
    await decision.getByText(call.number).first().waitFor({ timeout: PATIENCE_MS });
    assert.match((await decision.allInnerTexts()).join('\n'), new RegExp(`${unit}\\s*✓`));
    assert.match(await page.locator('.past').innerText(), /回放 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\s+過去的畫面/);
    const buttons = await page.locator('main[data-replay-at] button').allInnerTexts();
    assert.ok(!buttons.some((text) => /派遣$|結案|取消|受理|解除/.test(text)), String(buttons));
    assert.deepEqual(await complaints(page), []);
    await desk.shots('replay-zh');

    const at_ms = await desk.shown_ms();
    await page.keyboard.press('PageUp');
    await eventually(async () => (await desk.shown_ms()) < at_ms, 'the mark before');
    await page.locator('main[data-replay-at]').press('Space').catch(() => page.keyboard.press('Space'));
    const played_ms = await desk.shown_ms();
    await eventually(async () => (await desk.shown_ms()) > played_ms + 5_000, 'it plays');
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: '播放' }).waitFor({ timeout: PATIENCE_MS });

    await page.getByRole('button', { name: 'English', exact: true }).click();
    await desk.sees('not live');
    await desk.goTo(going.at_ms);
    assert.deepEqual(await complaints(page), []);
    await desk.shots('replay-en');
  },

  async auditor(desk) {
    const { page } = desk;
    const feeds = [];
    page.on('websocket', (socket) => feeds.push(socket.url()));
    await desk.open('nav a[aria-current]');
    await page.keyboard.press('r');
    await desk.load('載入');
    assert.deepEqual(feeds, []);
    await desk.shot('replay-auditor-zh-wide');
  },
};

await play(scenarios, { kind: ReplayDesk });
