// Drives a real Chromium through the alarms, one scenario a run: node alarms.mjs SCENARIO. What a browser can't do (a
// car's SOS, a crash of dispatch) is a wish to the test outside: a line out, a line back.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { Desk, eventually, PATIENCE_MS, play, SEEN } from './chromium.mjs';

const { PATROL_USER, PATROL_SECOND_USER, PATROL_IN_NEED, PATROL_HELPER, PATROL_STANDING, PATROL_SILENT } = process.env;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const HEARD_MS = 1_500;

async function ask(wish) {
  process.stdout.write(`${wish}\n`);
  await answers.next();
}

class AlarmDesk extends Desk {
  /** Counts tones by their pitch, as they are started. */
  listen() {
    return this.page.addInitScript(() => {
      const heard = (window.__heard = {});
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (...when) {
        heard[this.frequency.value] = (heard[this.frequency.value] ?? 0) + 1;
        return start.apply(this, when);
      };
    });
  }

  heard = (hz) => this.page.evaluate((pitch) => window.__heard[pitch] ?? 0, hz);
  sos = () => this.page.locator('section[data-kind=sos]');
  alarm = (kind) => this.page.locator(`[data-alarm][data-kind=${kind}]`);
  title = () => this.page.title();
  sounding = () => this.page.locator('[data-sounding]').getAttribute('data-sounding');

  async grows(hz) {
    const before = await this.heard(hz);
    await eventually(async () => (await this.heard(hz)) > before, `the tone of ${hz} Hz`);
  }

  async silent(hz) {
    await eventually(async () => {
      const before = await this.heard(hz);
      await this.page.waitForTimeout(HEARD_MS);
      return (await this.heard(hz)) === before;
    }, `silence at ${hz} Hz`);
  }

  async gone(locator) {
    await locator.waitFor({ state: 'detached', timeout: PATIENCE_MS });
  }
}

/** A second desk: another browser session, another name. */
async function beside(desk) {
  const context = await desk.page.context().browser().newContext(SEEN);
  const other = new AlarmDesk(await context.newPage());
  await other.listen();
  await other.page.goto(process.env.PATROL_URL);
  await other.signIn(PATROL_SECOND_USER);
  await other.page.locator('.banners').waitFor({ state: 'attached', timeout: PATIENCE_MS });
  return other;
}

const scenarios = {
  async sos(desk) {
    const { page } = desk;
    await desk.listen();
    await desk.open();
    const other = await beside(desk);
    // The button of the alarms grows for an SOS, to the left: all others of the bar stay where the hand is.
    const bar = () =>
      page.locator('header nav a, header .primary, header [data-count=new], header .sound button').evaluateAll((all) =>
        all.map((one) => [one.textContent.trim(), JSON.stringify(one.getBoundingClientRect())].join(' ')),
      );
    const before = await bar();
    assert.ok(before.length > 6, before.join());
    await ask('sos');
    for (const one of [desk, other]) {
      await one.sos().waitFor({ timeout: PATIENCE_MS });
      await one.grows(880);
      assert.match(await one.title(), /^\(1\) SOS/);
    }
    assert.deepEqual(await bar(), before);
    const said = () => desk.sos().innerText();
    for (const word of [PATROL_IN_NEED, '2 人', '歹徒持刀', '博愛街', '23.48', '位置：', PATROL_HELPER]) {
      await eventually(async () => (await said()).includes(word), `${word} in the banner: ${await said()}`);
    }
    await desk.shots('sos-zh');
    await page.keyboard.press('s');
    assert.ok(await desk.sos().isVisible(), 'the banner is on every screen');
    assert.match(await page.locator('[data-alarm-counts]').innerText(), /SOS 1/);
    await page.keyboard.press('m');

    await page.reload();
    await desk.sos().waitFor({ timeout: PATIENCE_MS });
    if ((await page.locator('.banners').getAttribute('data-blocked')) === 'true') {
      await desk.sees('警示音被瀏覽器擋住');
      await desk.shot('sos-blocked-zh');
    }
    await page.keyboard.press('Shift');
    await desk.grows(660);

    await ask('kill dispatch');
    await desk.sees('連線中斷');
    assert.ok(await desk.sos().isVisible(), 'what was known stays on the screen');
    await page.getByText('連線中斷').waitFor({ state: 'detached', timeout: PATIENCE_MS });
    for (const one of [desk, other]) {
      await one.sos().waitFor({ timeout: PATIENCE_MS });
      assert.equal(await one.sounding(), 'sos');
    }

    await page.keyboard.press('a');
    assert.ok(await desk.sos().evaluate((banner) => banner === document.activeElement), 'A leads to the alarm');
    await page.keyboard.press('q');
    for (const one of [desk, other]) {
      await one.sos().getByText(`${PATROL_USER} 已受理`).waitFor({ timeout: PATIENCE_MS });
      await one.silent(880);
    }
    await page.keyboard.press('1');
    await desk.sos().locator('button[data-help]').filter({ hasText: PATROL_HELPER }).filter({ hasText: /派遣|前往/ })
      .waitFor({ timeout: PATIENCE_MS });
    await desk.shots('sos-helped-zh');

    await page.keyboard.press('a');
    await page.keyboard.press('x');
    await desk.sos().getByText('確定已無危險？').waitFor({ timeout: PATIENCE_MS });
    assert.ok(await other.sos().isVisible(), 'one key ends nothing');
    await page.keyboard.press('x');
    for (const one of [desk, other]) {
      await one.gone(one.sos());
      await eventually(async () => !/SOS/.test(await one.title()), 'the title without SOS');
    }
    const expected = /status of (401|404|409)|WebSocket|ERR_|net::/;
    assert.deepEqual(other.troubles.filter((line) => !expected.test(line)), []);
  },

  async kinds(desk) {
    const { page } = desk;
    await desk.listen();
    await desk.open();

    await ask('unacknowledged');
    const lapsed = desk.alarm('no_acknowledgement');
    await lapsed.waitFor({ timeout: PATIENCE_MS });
    await desk.grows(587);
    assert.match(await lapsed.innerText(), /警告[\s\S]*再派一次[\s\S]*改派他車[\s\S]*再等 1 分鐘/);
    await lapsed.focus();
    await page.keyboard.press('1');
    await lapsed.getByText(`${PATROL_USER} 已受理`).waitFor({ timeout: PATIENCE_MS });
    await lapsed.getByRole('button', { name: /受理/ }).waitFor({ timeout: PATIENCE_MS }); // it lapsed again, and rings
    await lapsed.focus();
    await page.keyboard.press('x');
    await desk.gone(lapsed);

    await ask('standing');
    const standing = desk.alarm('stationary').filter({ hasText: PATROL_STANDING });
    await standing.waitFor({ timeout: PATIENCE_MS });
    assert.match(await standing.innerText(), new RegExp(`前往途中停滯[\\s\\S]*${PATROL_STANDING}[\\s\\S]*原地停留[\\s\\S]*距現場`));
    await page.getByText('未登錄攝影機').filter({ hasText: PATROL_STANDING }).waitFor({ timeout: PATIENCE_MS });
    await standing.getByRole('button', { name: /傳訊單位/ }).click();
    await standing.getByText(`${PATROL_USER} 已受理`).waitFor({ timeout: PATIENCE_MS });

    await ask('camera');
    const camera = desk.alarm('camera');
    await camera.waitFor({ timeout: PATIENCE_MS });
    assert.match(await camera.innerText(), /一號案件，無任何攝影機錄影/);
    await camera.getByRole('button', { name: /再等 5 分鐘/ }).click();
    await camera.getByText(`${PATROL_USER} 延後至`).waitFor({ timeout: PATIENCE_MS });
    await ask('recording');
    await desk.gone(camera);

    await ask('sent');
    await page.locator('[data-incident]').filter({ hasText: PATROL_SILENT }).first().waitFor({ timeout: PATIENCE_MS });
    await ask('hang up');
    const lost = desk.alarm('link_lost');
    await lost.waitFor({ timeout: PATIENCE_MS });
    await lost.getByRole('button', { name: /已用無線電聯絡/ }).click();
    await lost.getByText(`${PATROL_USER} 已受理`).waitFor({ timeout: PATIENCE_MS });

    await ask('late');
    const late = page.locator('[data-alarm][data-kind=late][data-level=alarm]');
    await late.getByText('尚未派遣，時間將盡').waitFor({ timeout: PATIENCE_MS });
    await page.locator('[data-incident]').filter({ hasText: '文化街 9 號' }).filter({ hasText: '★' }).first()
      .waitFor({ timeout: PATIENCE_MS });
    await desk.grows(988);
    await desk.shots('kinds-zh');
    await page.keyboard.press('s');
    await late.waitFor({ timeout: PATIENCE_MS });
    assert.match(await page.locator('[data-count=alarm]').innerText(), /1/);
    await desk.shot('kinds-statistics-zh');
    await late.getByRole('button', { name: /看可派警力/ }).click();
    await page.locator('[data-incident-panel]').getByText('文化街 9 號').first().waitFor({ timeout: PATIENCE_MS });
    await desk.gone(page.locator('[data-incident]').filter({ hasText: '文化街 9 號' }).getByText('★'));

    await page.getByRole('button', { name: '聲音設定' }).click();
    const before = await desk.heard(784);
    await page.getByRole('button', { name: '試聽: 新案' }).click();
    assert.ok((await desk.heard(784)) > before, 'a test is heard at once');
    await desk.shot('sounds-zh');
    await page.getByRole('button', { name: 'English' }).click();
    await desk.shots('kinds-en');
  },

  async waiting(desk) {
    const { page } = desk;
    await desk.listen();
    await ask('call');
    await page.goto(process.env.PATROL_URL);
    const waiting = page.locator('[data-waiting]');
    await waiting.getByText(/\d+ 件案件尚未派遣/).waitFor({ timeout: PATIENCE_MS });
    await ask('sos');
    await waiting.getByText('SOS 員警求援：1 件').waitFor({ timeout: PATIENCE_MS });
    const said = await page.locator('body').innerText();
    for (const secret of [PATROL_IN_NEED, '垂楊路', '23.4']) assert.ok(!said.includes(secret), `${secret} is told`);
    await page.keyboard.press('Shift');
    await desk.grows(880);
    await desk.shots('waiting-zh');
    await ask('over');
    await waiting.getByText('SOS').waitFor({ state: 'detached', timeout: PATIENCE_MS });
    await desk.silent(880);
  },
};

await play(scenarios, { kind: AlarmDesk, refusals: [401, 409] });
