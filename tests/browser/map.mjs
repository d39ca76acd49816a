// Drives a real Chromium through the map's marks and tools: node map.mjs SCENARIO.
import assert from 'node:assert/strict';
import { Desk, eventually, PATIENCE_MS, play } from './chromium.mjs';

const { PATROL_DRIVES, PATROL_GOES, PATROL_TILES } = process.env;
const GREEN = [69, 224, 140];
const STATION = [63, 90, 138];

class MapDesk extends Desk {
  frame = () => this.page.locator('.frame').boundingBox();
  card = (name) => this.page.locator(`aside[aria-label="${name}"]`);
  note = () => this.page.locator('[role=status]');

  /** Middle of the largest blot of a colour on the map, in px of the map; null where there is none of a mark's size. */
  async blot(colour) {
    const png = (await this.page.screenshot({ clip: await this.frame() })).toString('base64');
    return this.page.evaluate(
      async ({ text, wanted }) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
        const canvas = new OffscreenCanvas(picture.width, picture.height);
        const context = canvas.getContext('2d');
        context.drawImage(picture, 0, 0);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        const cells = new Map();
        for (let i = 0; i < data.length; i += 4) {
          if (wanted.reduce((sum, part, band) => sum + Math.abs(data[i + band] - part), 0) > 12) continue;
          const [x, y] = [(i / 4) % canvas.width, Math.floor(i / 4 / canvas.width)];
          const key = `${Math.round(x / 30)} ${Math.round(y / 30)}`;
          const cell = cells.get(key) ?? { count: 0, x: 0, y: 0 };
          cells.set(key, { count: cell.count + 1, x: cell.x + x, y: cell.y + y });
        }
        const best = [...cells.values()].sort((a, b) => b.count - a.count)[0];
        return best && best.count > 40 ? { x: best.x / best.count, y: best.y / best.count } : null;
      },
      { text: png, wanted: colour },
    );
  }

  async clickMap(x, y) {
    const box = await this.frame();
    await this.page.mouse.click(box.x + x, box.y + y);
  }

  /** Finds a unit by its name, as a dispatcher does; its card is open then. */
  async choose(name) {
    await this.page.keyboard.press('f');
    await this.page.locator('#find').fill(name);
    await this.page.keyboard.press('Enter');
    await this.card(name).waitFor({ timeout: PATIENCE_MS });
  }
}

const scenarios = {
  async routes(desk) {
    const { page } = desk;
    const answers = [];
    page.on('response', (answer) => answer.url().endsWith('/under-way') && answers.push(answer));
    await desk.open();
    await eventually(() => answers.length >= 2, 'ways asked for again');
    const { items } = await answers[1].json();
    const [way] = items.filter(({ route }) => route.coordinates.length > 1);
    assert.equal(way.basis, 'street');
    assert.ok(way.eta_low_s < way.eta_s && way.eta_s < way.eta_high_s);
    await desk.choose(PATROL_GOES);
    await desk.card(PATROL_GOES).getByText(/預計 \d+:\d\d 後到達（\d+:\d\d–\d+:\d\d）/).waitFor({ timeout: PATIENCE_MS });
    await desk.shots('routes-zh');
    await desk.button('English').click();
    await desk.card(PATROL_GOES).getByText(/arrives in \d+:\d\d \(\d+:\d\d–\d+:\d\d\)/).waitFor({ timeout: PATIENCE_MS });
    await desk.shots('routes-en');
  },

  async follow(desk) {
    const { page } = desk;
    await desk.open();
    await desk.choose(PATROL_DRIVES);
    const button = desk.card(PATROL_DRIVES).getByRole('button', { name: /跟隨/ });
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
    await page.keyboard.press('g');
    assert.equal(await button.getAttribute('aria-pressed'), 'true');
    await desk.note().getByText(`跟隨中：${PATROL_DRIVES}`).waitFor();
    const off = async () => {
      const { width, height } = await desk.frame(); // a notice above the map takes some of it
      const at = await desk.blot(GREEN);
      return at ? Math.hypot(at.x - width / 2, at.y - height / 2) : Infinity;
    };
    await eventually(async () => {
      await page.waitForTimeout(1_000); // a picture takes the map's time to draw
      return (await off()) < 15;
    }, 'the unit in the middle');
    for (let look = 0; look < 6; look += 1) {
      await page.waitForTimeout(700);
      const far = await off();
      assert.ok(far < 15, `it drives and stays in the middle, but is ${far} px off`);
    }
    await desk.shot('follow-zh');
    await page.keyboard.press('Escape');
    await desk.note().getByText('跟隨中').waitFor({ state: 'detached' });
    assert.ok(await desk.card(PATROL_DRIVES).isVisible(), 'Escape ended the following and nothing else');
    await page.keyboard.press('g');
    await desk.note().getByText('跟隨中').waitFor();
    const box = await desk.frame();
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await page.mouse.move(middle.x + 150, middle.y + 150);
    await page.mouse.down();
    await page.mouse.move(middle.x + 60, middle.y + 60, { steps: 6 });
    await page.mouse.up();
    await desk.note().getByText('跟隨中').waitFor({ state: 'detached' });
  },

  async measure(desk) {
    const { page } = desk;
    await desk.open();
    const button = desk.button('量測距離');
    await page.keyboard.press('d');
    assert.equal(await button.getAttribute('aria-pressed'), 'true');
    await desk.clickMap(300, 250);
    await desk.clickMap(420, 250);
    await desk.clickMap(420, 380);
    await desk.note().getByText(/3 點，共 \d+(\.\d+)? k?m/).waitFor({ timeout: PATIENCE_MS });
    await page.locator('canvas.maplibregl-canvas').focus();
    await page.keyboard.press('Enter');
    await desk.note().getByText('4 點').waitFor();
    await page.keyboard.press('Backspace');
    await desk.note().getByText('3 點').waitFor();
    await desk.shots('measure-zh');
    await page.keyboard.press('Escape');
    await desk.note().getByText('3 點').waitFor({ state: 'detached' });
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
    assert.equal(await page.locator('section.side').count(), 0, 'measuring entered and chose nothing');
  },

  async layers(desk) {
    const { page } = desk;
    await desk.open();
    await page.keyboard.press('l');
    const panel = page.getByRole('region', { name: '圖層' });
    await panel.waitFor();
    const box = (name) => panel.getByRole('checkbox', { name });
    assert.ok(await box('街道').evaluate((element) => element === document.activeElement), 'the keyboard is in the panel');
    await page.keyboard.press('Space');
    assert.equal(await box('街道').isChecked(), false);
    await eventually(() => desk.blot(STATION), 'the stations');
    await box(/派出所/).uncheck();
    await eventually(async () => !(await desk.blot(STATION)), 'a map without stations');
    assert.ok(await desk.blot(GREEN), 'units stay');
    await box(/派出所/).check();
    await eventually(() => desk.blot(STATION), 'the stations again');
    await box(/本隊車流/).check();
    await panel.getByText('目前沒有行駛緩慢的路段').waitFor({ timeout: PATIENCE_MS });
    await box(/可達範圍/).check();
    await page.getByText(/依 \d\d:\d\d:\d\d 的單位位置/).waitFor({ timeout: PATIENCE_MS });
    await panel.getByText('圖例').click();
    await desk.shots('layers-zh');
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await page.reload();
    await page.locator('.frame[data-ready=true]').waitFor({ timeout: PATIENCE_MS });
    await page.keyboard.press('l');
    assert.equal(await box('街道').isChecked(), false);
    assert.equal(await box(/本隊車流/).isChecked(), true);
    assert.equal(await box(/可達範圍/).isChecked(), true);
    await box('街道').check();
    await desk.button('English').click();
    await page.getByText('Precinct', { exact: false }).first().waitFor();
    await page.getByText('Key', { exact: true }).click();
    await desk.shots('layers-en');
    const tiles = desk.troubles.filter((line) => line.startsWith(`asked elsewhere: ${PATROL_TILES}/wmts/`));
    assert.ok(tiles.length > 0, 'tiles were asked for');
  },
};

// Tiles are asked for from the server of the setting; any other address stays a trouble.
for (const [name, scenario] of Object.entries(scenarios)) {
  scenarios[name] = async (desk) => {
    await scenario(desk);
    desk.troubles = desk.troubles.filter((line) => !line.startsWith(`asked elsewhere: ${PATROL_TILES}/wmts/`));
  };
}

await play(scenarios, { kind: MapDesk, sharp: true });
