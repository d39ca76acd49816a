// Drives a real Chromium through the live map, one scenario a run: node live_map.mjs SCENARIO.
// Settings come in the environment; a wish to the test outside ("freeze", "thaw") goes out as a line and is answered by one.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { Desk, eventually, PATIENCE_MS, play } from './chromium.mjs';

const { PATROL_USER, PATROL_UNIT } = process.env;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the test outside for something and waits until it is done. */
async function ask(wish) {
  process.stdout.write(`${wish}\n`);
  await answers.next();
}

class MapDesk extends Desk {
  /** Middle of all map pixels of the colour of an available unit, in px; null where there are none. */
  async unitOnMap() {
    const clip = await this.page.locator('.frame').boundingBox();
    const png = (await this.page.screenshot({ clip })).toString('base64');
    return this.page.evaluate(async (text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const context = canvas.getContext('2d');
      context.drawImage(picture, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let [count, x, y] = [0, 0, 0];
      for (let i = 0; i < data.length; i += 4) {
        if (Math.abs(data[i] - 69) + Math.abs(data[i + 1] - 224) + Math.abs(data[i + 2] - 140) > 12) continue;
        count += 1;
        x += (i / 4) % canvas.width;
        y += Math.floor(i / 4 / canvas.width);
      }
      return count > 20 ? { x: x / count, y: y / count } : null;
    }, png);
  }

  async clickMap(across, down) {
    const box = await this.page.locator('.frame').boundingBox();
    await this.page.mouse.click(box.x + box.width * across, box.y + box.height * down);
  }

  choose = (name, value) => this.page.locator(`input[name=${name}][value="${value}"]`).check({ force: true });
}

const scenarios = {
  /** From the click on the map to the unit on scene, in Chinese. */
  async first_call(desk) {
    const { page } = desk;
    await desk.open();
    await desk.sees('可派遣');
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-TW');
    const before = await eventually(() => desk.unitOnMap(), 'the unit on the map');
    await eventually(async () => {
      const now = await desk.unitOnMap();
      return now && Math.hypot(now.x - before.x, now.y - before.y) > 4;
    }, 'the unit in motion');
    await desk.shot('map-zh');

    await page.keyboard.press('n');
    await desk.clickMap(0.5, 0.45);
    await eventually(async () => /^2\d\.\d+, 12\d\.\d+$/.test(await page.locator('#place').inputValue()), 'a place');
    await page.locator('section.side ol').getByText(PATROL_UNIT).waitFor({ timeout: PATIENCE_MS });
    await desk.choose('category', 'traffic_accident');
    await desk.choose('accident_class', 'A1');
    assert.ok(await page.locator('input[name=priority][value="1"]').isChecked(), 'A1 proposes priority 1');
    await page.locator('#address').fill('中山路 100 號');
    await desk.shot('intake-zh');
    await page.locator('#address').press('Enter');

    const panel = page.locator('article[data-incident-panel]');
    const first = panel.locator('[data-unit]').first();
    await first.waitFor({ timeout: PATIENCE_MS });
    assert.match(await first.innerText(), /\d+ [分秒]\s*±\d+/, 'the candidate has a travel time with its spread');
    await desk.shot('candidates-zh');
    await page.keyboard.press('1');
    await panel.locator('[data-assignment]').waitFor({ timeout: PATIENCE_MS });
    await panel.locator('[data-assignment][data-state=on_scene]').waitFor({ timeout: PATIENCE_MS });
    await panel.getByText('報案').first().waitFor();
    const timer = () => panel.getByRole('timer').innerText();
    await eventually(async () => /已到場/.test(await timer()), 'the clock at rest');
    const stopped = await timer();
    await page.waitForTimeout(1500);
    assert.equal(await timer(), stopped);
    for (const step of ['立案', '派遣', '確認派遣', '出發前往', '到場']) await panel.getByText(step).first().waitFor();
    await desk.shot('on-scene-zh');

    await panel.getByText('北興102').first().waitFor({ timeout: PATIENCE_MS });
    await page.keyboard.press('1');
    await panel.getByText('要改派還是加派？').waitFor();
    await desk.shot('second-unit-zh');
    await page.keyboard.press('Escape');
    await panel.getByText('要改派還是加派？').waitFor({ state: 'detached' });
    assert.equal(await panel.locator('[data-assignment]').count(), 1, 'a slip of a key sends nobody');
    await page.keyboard.press('1');
    await panel.getByRole('button', { name: '改派', exact: true }).click();
    await panel.getByText('為何撤下').waitFor();
    await page.keyboard.type('另有任務');
    await page.keyboard.press('Enter');
    await panel.locator('[data-assignment][data-state=reassigned]').waitFor({ timeout: PATIENCE_MS });
    await panel.locator('[data-assignment][data-state=dispatched]').waitFor({ timeout: PATIENCE_MS });
  },

  /** The same desk in English, on a tablet: an unfinished call, a place outside, a fresh page, the figures. */
  async english(desk) {
    const { page } = desk;
    await page.setViewportSize({ width: 1024, height: 768 });
    await desk.open();
    await page.getByRole('button', { name: 'English' }).click();
    await desk.sees('Open calls');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await page.keyboard.press('n');
    await page.locator('#address').fill('half a street');
    await page.locator('#address').press('Enter');
    await desk.sees('click on the map');
    await desk.shot('missing-en');

    await page.reload();
    await page.locator('.frame[data-ready=true]').waitFor({ timeout: PATIENCE_MS });
    await desk.sees('Open calls');
    await page.keyboard.press('n');
    assert.equal(await page.locator('#address').inputValue(), 'half a street');
    await page.locator('#place').fill('24.9, 121.9');
    await desk.choose('category', 'service');
    await page.locator('#description').fill('somebody lost on the mountain');
    await page.locator('#description').press('Enter');
    await page.locator('[data-outside]').waitFor({ timeout: PATIENCE_MS });
    await desk.shot('outside-en');
    await page.keyboard.press('Enter');
    await page.locator('article[data-incident-panel]').getByText('somebody lost').waitFor({ timeout: PATIENCE_MS });
    await page.getByRole('button', { name: 'Cancel call', exact: true }).click();
    await page.getByRole('button', { name: 'False alarm' }).click();
    await page.locator('article h2 .ended').waitFor({ timeout: PATIENCE_MS });
    await desk.shot('cancelled-en');
    await page.keyboard.press('Escape');
    await page.keyboard.press('s');
    await page.locator('main[data-statistics] table').first().waitFor({ timeout: PATIENCE_MS });
    await desk.shot('statistics-en');
  },

  /** A server that falls silent, and a session that ends while a call is being typed. */
  async silence(desk) {
    const { page } = desk;
    await desk.open();
    await desk.sees('處理中案件');
    await page.keyboard.press('n');
    await page.locator('#address').fill('民族路 7 號');
    await ask('freeze');
    await desk.sees('連線中斷');
    await desk.shot('silent-zh');
    await ask('thaw');
    await page.getByText('連線中斷').waitFor({ state: 'detached', timeout: PATIENCE_MS });

    await page.context().clearCookies();
    // The next question finds the session gone: of the place as it is typed, or what the desk asks by itself before that.
    await page.locator('#place').evaluate((place) => place.focus());
    await page.keyboard.insertText('23.48, 120.45');
    await page.locator('#username').waitFor({ timeout: PATIENCE_MS });
    await desk.shot('signed-out-zh');
    await desk.signIn();
    await page.locator('#username').waitFor({ state: 'detached', timeout: PATIENCE_MS });
    assert.equal(await page.locator('#address').inputValue(), '民族路 7 號');
  },

  /** An officer calls for help: across the screen, acknowledged and resolved from the desk. */
  async sos(desk) {
    const { page } = desk;
    await desk.open();
    await ask('sos');
    // The call of another scenario may raise an alarm of its own meanwhile.
    const banner = page.locator('[data-alarm]').filter({ hasText: 'SOS' });
    await banner.waitFor({ timeout: PATIENCE_MS });
    assert.match(await banner.innerText(), new RegExp(PATROL_UNIT));
    await desk.shot('sos-zh');
    await banner.getByRole('button', { name: '受理' }).click();
    await banner.getByText(`${PATROL_USER} 已受理`).waitFor({ timeout: PATIENCE_MS });
    await banner.getByRole('button', { name: '解除' }).click();
    await banner.getByRole('button', { name: '確定解除' }).click();
    await banner.waitFor({ state: 'detached', timeout: PATIENCE_MS });
  },
};

await play(scenarios, { kind: MapDesk, refusals: [401, 422, 403], sharp: true });
