// Drives a real Chromium through suggestions where to wait and the areas within reach: node standby.mjs SCENARIO.
import assert from 'node:assert/strict';
import { Desk, PATIENCE_MS, play } from './chromium.mjs';

class MapDesk extends Desk {
  suggestion = () => this.page.locator('[data-suggestion][data-state=open]').first();
}

const scenarios = {
  async accept(desk) {
    const { page } = desk;
    await desk.open();
    await desk.suggestion().waitFor({ timeout: PATIENCE_MS });
    await desk.shots('suggested-zh');
    const id = await desk.suggestion().getAttribute('data-suggestion');
    const line = await desk.suggestion().innerText();
    assert.match(line, /^(北興|南門)\d+ → \S+/);
    assert.match(line, /分鐘內可達 \+\d+ %|平均早到 \d+ 秒/);
    assert.match(line, /車程 \d+ 分/);
    await page.keyboard.press('p');
    await page.keyboard.press('Enter');
    const told = page.locator(`[data-suggestion="${id}"][data-state=accepted]`);
    await told.getByText('已通知').waitFor({ timeout: PATIENCE_MS });

    const areas = page.waitForResponse((answer) => answer.url().endsWith('/coverage/areas') && answer.ok());
    await page.keyboard.press('c');
    assert.ok((await (await areas).json()).features.length > 0);
    await page.getByText('空閒單位可達範圍').waitFor({ timeout: PATIENCE_MS });
    await desk.shots('reach-zh');
    await page.keyboard.press('c');
    await page.getByText('空閒單位可達範圍').waitFor({ state: 'detached', timeout: PATIENCE_MS });
  },

  async dismiss(desk) {
    const { page } = desk;
    await desk.open();
    await page.getByRole('button', { name: 'English', exact: true }).click();
    await desk.suggestion().waitFor({ timeout: PATIENCE_MS });
    await page.keyboard.press('c');
    await page.getByText('Reach of idle units').waitFor({ timeout: PATIENCE_MS });
    await desk.shots('reach-en');
    const id = await desk.suggestion().getAttribute('data-suggestion');
    await page.keyboard.press('p');
    await page.keyboard.press('Delete');
    await page.locator(`[data-suggestion="${id}"]`).waitFor({ state: 'detached', timeout: PATIENCE_MS });
  },

  async alarm(desk) {
    const { page } = desk;
    await desk.open();
    const warning = page.getByRole('button', { name: '涵蓋不足' });
    await warning.waitFor({ timeout: PATIENCE_MS });
    assert.match(await warning.innerText(), /分鐘內可達僅 \d+ %：\S+/);
    await warning.click();
    await page.getByText('薄弱處').waitFor({ timeout: PATIENCE_MS });
    await desk.shots('thin-zh');
    await page.getByRole('button', { name: 'English', exact: true }).click();
    await page.getByText('Coverage is thin').waitFor({ timeout: PATIENCE_MS });
    await desk.shots('thin-en');
  },
};

await play(scenarios, { kind: MapDesk });
