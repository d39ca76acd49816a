// Drives real Chromium pages against a net and a server that fail, one scenario a run: node truth.mjs SCENARIO.
// PATROL_URL leads over a net that the test outside can cut; PATROL_DIRECT to the same server without it.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { Desk, eventually, PATIENCE_MS, play, SEEN } from './chromium.mjs';

const { PATROL_DIRECT, PATROL_OTHER_USER, PATROL_PASSWORD, PATROL_USER } = process.env;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const CUT_MS = 10_000;

/** Asks the test outside for something and waits until it is done. */
async function ask(wish) {
  process.stdout.write(`${wish}\n`);
  await answers.next();
}
const print = (line) => process.stdout.write(`figure: ${line}\n`);

/** The API, without any net between. */
class Api {
  static async open(user = PATROL_OTHER_USER) {
    const api = new Api();
    const { token } = await api.ask('POST', '/session', { username: user, password: PATROL_PASSWORD });
    api.token = token;
    return api;
  }
  async ask(method, path, body) {
    const headers = { 'Content-Type': 'application/json', ...(this.token && { Authorization: `Bearer ${this.token}` }) };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await fetch(`${PATROL_DIRECT}/api/v1${path}`, init);
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${answer.ok ? '' : await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }
  items = async (path) => (await this.ask('GET', path)).items;
  enter = (address, more = {}) =>
    this.ask('POST', '/incidents', { category: 'criminal', priority: 2, lat: 23.48, lon: 120.45, address, ...more });
}

class TruthDesk extends Desk {
  banner = () => this.page.locator('[data-feed-banner]');
  panel = () => this.page.locator('article[data-incident-panel]');
  row = (id) => this.page.locator(`.calls [data-incident="${id}"]`);
  isStale = () => this.page.locator('html[data-feed=stale]').count();

  async openIncident(id) {
    await this.row(id).click({ timeout: PATIENCE_MS });
    await this.panel().getByRole('button', { name: '修改案件' }).waitFor({ timeout: PATIENCE_MS });
  }

  /** What the screen says of all open calls and of the units by status. */
  shown = () =>
    this.page.evaluate(() => ({
      calls: [...document.querySelectorAll('.calls [data-incident]')]
        .map((row) => [row.dataset.incident, row.querySelector('.where').textContent.trim()])
        .sort(),
      counts: [...document.querySelectorAll('ul.counts li b')].map((one) => Number(one.textContent)),
    }));

  /** Until the screen says what the API says. */
  async agreesWith(api) {
    const statuses = ['AVAILABLE', 'DISPATCHED', 'EN_ROUTE', 'ON_SCENE', 'OUT_OF_SERVICE'];
    let told;
    await eventually(async () => {
      const [calls, units] = [await api.items('/incidents?state=open&limit=500'), await api.items('/units')];
      const wanted = {
        calls: calls.map(({ id, address }) => [id, address]).sort(),
        counts: statuses.map((status) => units.filter((unit) => unit.status === status).length),
      };
      const shown = await this.shown();
      told = `${JSON.stringify(shown)} instead of ${JSON.stringify(wanted)}`;
      return JSON.stringify(shown) === JSON.stringify(wanted);
    }, 'the screen as the API').catch((error) => assert.fail(`${error.message}: ${told}`));
  }

  /** A second console, at which somebody else sits. */
  async second() {
    const context = await this.page.context().browser().newContext(SEEN);
    const other = new TruthDesk(await context.newPage());
    await other.page.goto(PATROL_DIRECT);
    await other.signIn(PATROL_OTHER_USER);
    await other.page.locator('.calls').waitFor({ timeout: PATIENCE_MS });
    return other;
  }
}

const scenarios = {
  async edit_race(anna) {
    const api = await Api.open();
    const call = await api.enter('中山路 1 號');
    await anna.open();
    const ben = await anna.second();
    for (const desk of [anna, ben]) {
      await desk.openIncident(call.id);
      await desk.page.keyboard.press('e');
      await desk.page.locator('form[data-edit]').waitFor();
    }
    await ben.page.locator('#edit_address').fill('忠孝路 3 號');
    await ben.page.locator('#edit_description').fill('狗未繫繩');

    await anna.page.locator('input[name=edit_priority][value="1"]').check({ force: true });
    await anna.page.locator('#edit_address').fill('民族路 2 號');
    await anna.page.locator('#edit_caller_name').fill('王小姐');
    const began = Date.now();
    await anna.page.locator('#edit_address').press('Enter');
    const conflict = ben.page.locator('[data-conflict=address]');
    await conflict.waitFor({ timeout: PATIENCE_MS });
    print(`another desk's change is on this one after ${Date.now() - began} ms, from the key to the screen`);
    await ben.page.locator('[data-taken]').getByText('優先序').waitFor({ timeout: PATIENCE_MS });
    await ben.page.locator('[data-taken]').getByText('王小姐').waitFor({ timeout: PATIENCE_MS });
    const words = await conflict.innerText();
    for (const part of ['中山路 1 號', '民族路 2 號', '忠孝路 3 號', PATROL_USER]) assert.ok(words.includes(part), words);
    assert.match(words, /\d\d:\d\d:\d\d/);
    assert.ok(await ben.page.locator('form[data-edit] .primary').isDisabled(), 'nothing is sent before it is decided');
    await ben.shot('edit-conflict-zh');
    await ben.page.setViewportSize({ width: 1024, height: 768 });
    await ben.page.getByRole('button', { name: 'English' }).click();
    await ben.page.locator('[data-conflict=address]').scrollIntoViewIfNeeded();
    await ben.shot('edit-conflict-en-tablet');
    await ben.page.getByRole('button', { name: '中文' }).click();

    await conflict.locator('[data-keep=mine]').click();
    await conflict.waitFor({ state: 'detached' });
    await ben.page.locator('form[data-edit] .primary').click();
    await ben.page.locator('form[data-edit]').waitFor({ state: 'detached', timeout: PATIENCE_MS });
    const now = await api.ask('GET', `/incidents/${call.id}`);
    assert.deepEqual(
      [now.priority, now.address, now.description, now.caller_name],
      [1, '忠孝路 3 號', '狗未繫繩', '王小姐'],
    );
    await anna.panel().getByText('忠孝路 3 號').first().waitFor({ timeout: PATIENCE_MS });
    await api.ask('POST', `/incidents/${call.id}/cancel`, { reason: 'over' });
  },

  async pick(anna) {
    const api = await Api.open();
    const call = await api.enter('中山路 21 號');
    await anna.open();
    await anna.openIncident(call.id);
    await anna.page.keyboard.press('e');
    const pick = anna.page.locator('[data-pick]');
    const box = await anna.page.locator('.frame').boundingBox();
    const click = () => anna.page.mouse.click(box.x + box.width * 0.6, box.y + box.height * 0.6);
    const place = anna.page.locator('input[name=edit_place]');
    const before = await place.inputValue();
    await click();
    assert.equal(await place.inputValue(), before, 'a click that was not asked for moves nothing');
    await pick.press('Enter');
    assert.equal(await pick.getAttribute('aria-pressed'), 'true');
    await anna.shot('edit-pick-zh');
    await click();
    await eventually(async () => (await place.inputValue()) !== before, 'the place that was clicked');
    assert.equal(await pick.getAttribute('aria-pressed'), 'false');
    await anna.page.locator('form[data-edit] .primary').click();
    await anna.page.locator('form[data-edit]').waitFor({ state: 'detached', timeout: PATIENCE_MS });
    const moved = await api.ask('GET', `/incidents/${call.id}`);
    assert.ok(moved.lat !== call.lat && moved.lon !== call.lon, `${moved.lat} ${moved.lon}`);
    await api.ask('POST', `/incidents/${call.id}/cancel`, { reason: 'over' });
  },

  async assign_race(anna) {
    const api = await Api.open();
    const call = await api.enter('中山路 5 號');
    await anna.open();
    const ben = await anna.second();
    const desks = [anna, ben];
    for (const desk of desks) {
      await desk.openIncident(call.id);
      await desk.panel().locator('[data-unit]').first().waitFor({ timeout: PATIENCE_MS });
    }
    // Neither leaves before both have pressed: on a slow machine the second would know of the first already.
    const held = [];
    for (const desk of desks) await desk.page.route(/\/assignments$/, (route) => held.push(route), { times: 1 });
    await Promise.all(desks.map((desk) => desk.page.keyboard.press('1')));
    await eventually(() => held.length === desks.length, 'both desks that send a unit');
    await Promise.all(held.map((route) => route.continue()));
    for (const desk of desks) await desk.panel().locator('[data-assignment]').first().waitFor({ timeout: PATIENCE_MS });
    await eventually(async () => {
      const told = await Promise.all(desks.map((desk) => desk.panel().locator('[role=alert]').count()));
      return told[0] + told[1] === 1;
    }, 'one desk that is told why not');
    const { assignments } = await api.ask('GET', `/incidents/${call.id}`);
    assert.equal(assignments.filter((one) => one.ended_at === null).length, 1);
    for (const desk of desks) assert.equal(await desk.panel().locator('[data-assignment]').count(), 1);
    for (const desk of desks) await desk.shot(`assign-race-${desk === anna ? 'anna' : 'ben'}-zh`);
    await api.ask('POST', `/incidents/${call.id}/cancel`, { reason: 'over' });
  },

  async cut(anna) {
    const api = await Api.open();
    const stays = await api.enter('中山路 7 號');
    const ends = await api.enter('中山路 9 號');
    const [unit] = (await api.items('/units')).filter(({ name }) => name === '北興103');
    await anna.open();
    await anna.agreesWith(api);
    await anna.openIncident(stays.id);
    await anna.page.keyboard.press('e');
    await anna.page.locator('#edit_description').fill('說到一半');

    await ask('cut');
    const began = Date.now();
    await anna.banner().waitFor({ timeout: PATIENCE_MS });
    print(`the banner stands ${Date.now() - began} ms after the net was cut`);
    assert.match(await anna.banner().innerText(), /連線中斷.*\d\d:\d\d:\d\d/s);
    assert.equal(await anna.isStale(), 1);
    await anna.shot('cut-zh');
    const fresh = await api.enter('民族路 11 號', { priority: 1 });
    await api.ask('POST', `/incidents/${ends.id}/close`, { disposition: 'done' });
    await api.ask('PATCH', `/incidents/${stays.id}`, { address: '民族路 7 號' });
    await api.ask('POST', `/units/${unit.id}/availability`, { available: false, reason: 'meal' });
    await anna.page.locator('#edit_description').press('Enter');
    await anna.page.locator('[data-edit-failure]').waitFor({ timeout: PATIENCE_MS });
    assert.equal(await anna.page.locator('#edit_description').inputValue(), '說到一半');
    await anna.page.setViewportSize({ width: 1024, height: 768 });
    await anna.page.getByRole('button', { name: 'English' }).click();
    await anna.shot('cut-en-tablet');
    await anna.page.getByRole('button', { name: '中文' }).click();
    await anna.page.setViewportSize({ width: 1440, height: 900 });
    await anna.page.waitForTimeout(Math.max(0, CUT_MS - (Date.now() - began)));
    assert.equal(await anna.row(fresh.id).count(), 0);

    await ask('heal');
    const healed = Date.now();
    await anna.banner().waitFor({ state: 'detached', timeout: PATIENCE_MS });
    print(`the picture is whole ${Date.now() - healed} ms after the net came back`);
    assert.equal(await anna.isStale(), 0);
    await anna.agreesWith(api);
    await anna.page.locator('[data-taken]').getByText('民族路 7 號').waitFor({ timeout: PATIENCE_MS });
    await anna.page.locator('form[data-edit] .primary').click();
    await anna.page.locator('form[data-edit]').waitFor({ state: 'detached', timeout: PATIENCE_MS });
    const now = await api.ask('GET', `/incidents/${stays.id}`);
    assert.deepEqual([now.address, now.description], ['民族路 7 號', '說到一半']);
    await api.ask('POST', `/units/${unit.id}/availability`, { available: true });
    await anna.agreesWith(api);
  },

  async restart(anna) {
    const api = await Api.open();
    await anna.open();
    const before = await api.enter('世賢路 1 號');
    await anna.row(before.id).waitFor({ timeout: PATIENCE_MS });
    await ask('restart');
    const again = await eventually(() => Api.open().catch(() => null), 'the server again');
    const after = await again.enter('世賢路 2 號');
    await anna.row(after.id).waitFor({ timeout: PATIENCE_MS });
    await anna.banner().waitFor({ state: 'detached', timeout: PATIENCE_MS });
    for (const call of [before, after]) await again.ask('POST', `/incidents/${call.id}/cancel`, { reason: 'over' });
    await anna.row(after.id).waitFor({ state: 'detached', timeout: PATIENCE_MS });
    await anna.agreesWith(again);
  },

  async frozen(anna) {
    await anna.open();
    let questions = 0;
    anna.page.on('request', (request) => (questions += request.url().includes('/api/v1/kpi?')));
    await anna.page.evaluate(() => (location.hash = '#/statistics'));
    await anna.page.locator('#figures-panel[aria-busy=false] [data-sum=incidents]').first().waitFor({ timeout: PATIENCE_MS });
    const asked = questions;
    assert.ok(asked > 0);
    await ask('freeze');
    const began = Date.now();
    await anna.banner().waitFor({ timeout: PATIENCE_MS });
    print(`the banner stands ${Date.now() - began} ms after the server was stopped`);
    await anna.shot('frozen-zh');
    await ask('thaw');
    await anna.banner().waitFor({ state: 'detached', timeout: PATIENCE_MS });
    assert.equal(questions, asked, 'figures of past days are asked for once, however the feed fares');
    await anna.page.evaluate(() => (location.hash = '#/map'));
    await anna.agreesWith(await Api.open());
  },

  async asleep(anna) {
    await anna.open();
    const cdp = await anna.page.context().newCDPSession(anna.page);
    await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
    await ask('cut');
    await new Promise((done) => setTimeout(done, 5_000));
    await cdp.send('Page.setWebLifecycleState', { state: 'active' });
    await anna.banner().waitFor({ timeout: PATIENCE_MS });
    await ask('heal');
    await anna.banner().waitFor({ state: 'detached', timeout: PATIENCE_MS });
    await anna.agreesWith(await Api.open());
  },

  async wrong_clock(anna) {
    await anna.page.addInitScript(() => {
      const Real = Date;
      globalThis.aheadMs = 5 * 3_600_000;
      globalThis.Date = class extends Real {
        constructor(...given) {
          if (given.length) super(...given);
          else super(Real.now() + globalThis.aheadMs);
        }
        static now = () => Real.now() + globalThis.aheadMs;
      };
    });
    const clock = () => anna.page.locator('header time b').innerText();
    const right = async () => {
      const format = new Intl.DateTimeFormat('zh-TW', { timeZone: 'Asia/Taipei', hourCycle: 'h23', hour: '2-digit', minute: '2-digit' });
      const minutes = [Date.now() - 60_000, Date.now(), Date.now() + 60_000].map((at) => format.format(at));
      return minutes.some((minute) => shown.startsWith(minute));
    };
    await anna.open();
    let shown = await clock();
    assert.ok(await right(), `the desk shows ${shown}`);
    assert.equal(await anna.isStale(), 0);
    for (const aheadMs of [-9 * 3_600_000, 9 * 3_600_000]) {
      await anna.page.evaluate((ms) => (globalThis.aheadMs = ms), aheadMs);
      await anna.page.waitForTimeout(1_500);
      await eventually(async () => (await anna.isStale()) === 0, 'a picture that is whole again');
      shown = await clock();
      assert.ok(await right(), `the desk shows ${shown} after its clock was set`);
    }
  },
};

await play(scenarios, { kind: TruthDesk, refusals: [401, 404, 409, 503] });
