// Drives a real Chromium through who goes: reasons, a diversion by hand, the mode. node who_goes.mjs SCENARIO.
import assert from 'node:assert/strict';
import { Desk, eventually, PATIENCE_MS, play, SEEN, SIZES } from './chromium.mjs';

const { PATROL_UNIT, PATROL_ROUTINE, PATROL_ACCIDENT, PATROL_DISPATCHER } = process.env;

class Console extends Desk {
  panel = () => this.page.locator('article[data-incident-panel]');
  row = (unit) => this.panel().locator('[data-unit]').filter({ hasText: unit });
  mode = (mode) => this.page.locator(`header [data-mode=${mode}]`);

  async openCall(number) {
    await this.page.locator('[data-incident]').filter({ hasText: number }).click();
    await this.panel().getByText(number).first().waitFor({ timeout: PATIENCE_MS });
    await this.panel().locator('[data-unit]').first().waitFor({ timeout: PATIENCE_MS });
  }

  /** No code of the server is left on the screen as it came. */
  async hasNoCodes() {
    const text = await this.page.locator('body').innerText();
    assert.deepEqual(text.match(/\b[a-z]+(_[a-z]+)+\b/g), null);
  }

  /** The bar is one line that nothing is cut off from, in every size. */
  async barFits() {
    for (const viewport of Object.values(SIZES)) {
      await this.page.setViewportSize(viewport);
      const bar = await this.page.locator('header').first().evaluate((header) => {
        const right = Math.max(...[...header.children].map((child) => child.getBoundingClientRect().right));
        return { right, wide: innerWidth };
      });
      assert.ok(bar.right <= bar.wide, `the bar ends at ${bar.right} of ${bar.wide} px`);
    }
    await this.page.setViewportSize(SIZES.wide);
  }
}

const scenarios = {
  async divert(desk) {
    const { page } = desk;
    await desk.open();
    await desk.mode('recommend').getByText('僅建議').waitFor({ timeout: PATIENCE_MS });
    await desk.openCall(PATROL_ACCIDENT);
    const row = desk.row(PATROL_UNIT);
    await row.getByText('建議轉派').waitFor({ timeout: PATIENCE_MS });
    assert.equal(await desk.panel().locator('[data-unit]').first().innerText(), await row.innerText(), 'the plan comes first');
    const line = await row.innerText();
    assert.match(line, /\d+ [分秒]\s+±\d+/);
    assert.match(line, new RegExp(`正前往 ${PATROL_ROUTINE}`));
    assert.match(await desk.row('北興102').innerText(), /位置不明/);
    assert.match(await desk.row('南門201').innerText(), /執行他案中/);
    await desk.hasNoCodes();
    await desk.barFits();
    await desk.shots('candidates-zh');

    await page.keyboard.press('1');
    const question = desk.panel().getByText(`${PATROL_UNIT} 正前往 ${PATROL_ROUTINE}`);
    await question.waitFor();
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    assert.equal(await desk.panel().locator('[data-assignment]').count(), 0, 'a slip of two keys diverts nobody');
    await page.keyboard.press('1');
    await question.waitFor();
    await desk.shots('divert-zh');
    const yes = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/assignments'));
    await desk.button(`從 ${PATROL_ROUTINE} 轉派`).click();
    assert.equal((await yes).postDataJSON().divert, true);
    await desk.panel().locator('[data-assignment][data-state=en_route]').waitFor({ timeout: PATIENCE_MS });
    await desk.panel().getByText(`自 ${PATROL_ROUTINE} 轉來`).waitFor({ timeout: PATIENCE_MS });
    await desk.panel().getByText('無事故處理專長').first().waitFor({ timeout: PATIENCE_MS });
    await page.getByRole('button', { name: '尚缺單位' }).getByText('缺專責單位').waitFor({ timeout: PATIENCE_MS });
    await desk.hasNoCodes();
    await desk.shots('diverted-zh');

    await desk.openCall(PATROL_ROUTINE);
    const left = desk.panel().locator('[data-assignment][data-state=reassigned]');
    await left.getByText('已轉派').waitFor({ timeout: PATIENCE_MS });
    await desk.panel().getByText(`→ ${PATROL_ACCIDENT}`).waitFor({ timeout: PATIENCE_MS });
    await desk.shots('left-zh');
    await left.getByRole('button', { name: `轉往 ${PATROL_ACCIDENT}` }).click();
    await desk.panel().locator('[data-assignment][data-state=en_route]').waitFor({ timeout: PATIENCE_MS });
  },

  async english(desk) {
    const { page } = desk;
    await desk.open();
    await page.getByRole('button', { name: 'English', exact: true }).click();
    await desk.mode('recommend').getByText('Recommend only').waitFor({ timeout: PATIENCE_MS });
    await desk.openCall(PATROL_ACCIDENT);
    await desk.panel().getByText('not trained for accidents').first().waitFor({ timeout: PATIENCE_MS });
    await desk.panel().getByText(`from ${PATROL_ROUTINE}`).waitFor();
    await page.getByRole('button', { name: 'Unit missing' }).getByText('missing: specialist').waitFor();
    await desk.hasNoCodes();
    await desk.shots('accident-en');

    await desk.openCall(PATROL_ROUTINE);
    const row = desk.row(PATROL_UNIT);
    await row.getByText(`to ${PATROL_ACCIDENT}`).waitFor({ timeout: PATIENCE_MS });
    assert.match(await row.innerText(), /diverted before/);
    assert.match(await row.innerText(), /Divert/);
    await row.click();
    await desk.panel().getByText('Why divert it?').waitFor();
    await desk.button(`Divert from ${PATROL_ACCIDENT}`).waitFor();
    await desk.hasNoCodes();
    await desk.shots('against-en');
    await page.keyboard.press('Escape');
    await desk.panel().getByText('Why divert it?').waitFor({ state: 'detached' });
    assert.equal(await desk.panel().locator('[data-assignment][data-state=en_route]').count(), 0);
    await desk.barFits();
  },

  async mode(desk) {
    const { page } = desk;
    await desk.open();
    const beside = await page.context().browser().newContext(SEEN);
    const other = new Console(await beside.newPage());
    await other.page.goto(process.env.PATROL_URL);
    await other.signIn(PATROL_DISPATCHER);
    await other.mode('recommend').click();
    await other.page.getByText('系統只建議').waitFor({ timeout: PATIENCE_MS });
    assert.equal(await other.page.locator('input[name=mode]').count(), 0, 'a dispatcher has nothing to choose');
    await other.page.getByText('備援規則').waitFor({ timeout: PATIENCE_MS });
    await other.shots('mode-dispatcher-zh');

    await desk.mode('recommend').focus();
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('input[name=mode][value=recommend]').evaluate((input) => input === document.activeElement));
    await page.keyboard.press('ArrowDown');
    await desk.button('改為「依優先序」').waitFor();
    assert.equal(await desk.mode('recommend').count(), 1, 'choosing alone changes nothing');
    await desk.shots('mode-zh');
    await page.keyboard.press('Enter');
    await desk.mode('by_priority').waitFor({ timeout: PATIENCE_MS });
    await eventually(() => desk.mode('by_priority').evaluate((button) => button === document.activeElement), 'the focus back');
    assert.equal(await page.locator('input[name=mode]').count(), 0, 'the panel is closed');
    await other.page.getByText('等級 1、2 由系統派遣').waitFor({ timeout: PATIENCE_MS });

    await page.getByRole('button', { name: 'English', exact: true }).click();
    await desk.mode('by_priority').click();
    await page.locator('input[name=mode][value=night]').check();
    await desk.shots('mode-en');
    await desk.button('Change to Night').click();
    await other.mode('night').waitFor({ timeout: PATIENCE_MS });
    await desk.mode('night').click();
    await page.keyboard.press('Escape');
    await page.locator('input[name=mode]').first().waitFor({ state: 'detached' });
    assert.match(await desk.mode('night').innerText(), /⚠ Fallback \d+/);
    await desk.barFits();
    await other.barFits();
    await beside.close();

    await desk.mode('night').click();
    await page.locator('input[name=mode][value=automatic]').check();
    await desk.button('Change to Automatic').click();
    await desk.openCall(PATROL_ROUTINE);
    await desk.panel().locator('[data-assignment]').getByText('first unit').waitFor({ timeout: PATIENCE_MS });
    await desk.hasNoCodes();
    await desk.shots('automatic-en');
  },
};

await play(scenarios, { kind: Console });
