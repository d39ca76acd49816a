// Drives a real Chromium through the board, an incident's record and its print: node board.mjs SCENARIO.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Desk, eventually, PATIENCE_MS, play } from './chromium.mjs';

const of = (name) => process.env[`PATROL_${name}`];
const { PATROL_URL, PATROL_SHOTS } = process.env;
const QUEUE = '[data-board=queue]';

class BoardDesk extends Desk {
  at = async (address) => {
    await this.page.goto(`${PATROL_URL}/#/${address}`);
    if (await this.page.locator('#username').isVisible()) await this.signIn();
  };
  english = () => this.button('English').click();
  /** The numbers of the queue from the top. */
  queue = () => this.page.locator(`${QUEUE} [data-incident] th button`).allInnerTexts();
  select = (name, value) => this.page.getByRole('combobox', { name, exact: true }).selectOption(value);
  focused = () => this.page.evaluate(() => document.activeElement?.textContent ?? '');
}

const scenarios = {
  async board(desk) {
    const { page } = desk;
    await desk.open('header nav');
    await desk.sees('處理中案件');
    await page.locator(`section.calls [data-late]`).first().waitFor({ timeout: PATIENCE_MS });
    await desk.shot('list-zh');
    await page.keyboard.press('b');
    await page.locator(`${QUEUE} [data-incident]`).first().waitFor({ timeout: PATIENCE_MS });
    assert.match(page.url(), /#\/board$/);
    const late = (name) => page.locator(`${QUEUE} [data-incident="${of(`${name}_ID`)}"] [data-late]`);
    await late('FRESH').waitFor({ timeout: PATIENCE_MS });

    const order = await eventually(async () => {
      const numbers = await desk.queue();
      return numbers.length === 4 && numbers[0] === of('FRESH') ? numbers : null;
    }, 'the priority 1 that nobody goes to, on top');
    assert.ok(order.indexOf(of('OLD')) < order.indexOf(of('UNKNOWN')), 'late before what nobody can tell, priority 3 before 4');
    assert.ok(!order.includes(of('REACHED')), 'somebody is there');
    assert.equal(await late('OLD').getAttribute('data-late'), 'late');
    assert.equal(await late('UNKNOWN').getAttribute('data-late'), 'unknown');
    assert.match(await late('SERVED').innerText(), /(準時|逾時)\s*<?\d+ %\s*北興101 預計 \d\d:\d\d:\d\d 到/);
    const headings = await page.locator(`${QUEUE} thead th[scope=col]`).allInnerTexts();
    assert.ok(headings.includes('逾時風險'), headings.join());
    await desk.shots('board-zh', { drawn_ms: 500 });

    await page.locator('[data-board=queue] h2').click();
    await page.keyboard.press('Home');
    assert.equal(await desk.focused(), of('FRESH'));
    await page.keyboard.press('ArrowDown');
    assert.equal(await desk.focused(), (await desk.queue())[1]);
    await page.keyboard.press('End');
    assert.equal(await page.locator('[data-unit-row] button:focus').count(), 1, 'the last row is a unit');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    const panel = page.locator(`main.panel > .side [data-incident-panel="${of('FRESH_ID')}"]`);
    await panel.locator('[data-unit]').first().waitFor({ timeout: PATIENCE_MS });
    await desk.shots('board-panel-zh', { drawn_ms: 500 });
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });

    await page.getByPlaceholder('篩選文字').fill('林森');
    await eventually(async () => (await desk.queue()).join() === of('SERVED'), 'the one call of that street');
    assert.equal(await page.locator('[data-board=assignments] [data-assignment]').count(), 1);
    await desk.select('分組', 'status');
    await page.locator(`${QUEUE} th[scope=rowgroup]`).getByText('前往中').waitFor();
    await page.reload();
    await page.locator(`${QUEUE} [data-incident]`).first().waitFor({ timeout: PATIENCE_MS });
    assert.deepEqual(await desk.queue(), [of('SERVED')], 'the filter is kept');
    const stations = page.getByRole('combobox', { name: '派出所', exact: true });
    const [narrow, wide] = await stations.evaluate((select) => {
      const before = select.offsetWidth;
      select.append(new Option('市警局第二分局後湖派出所'));
      return [before, select.offsetWidth];
    });
    assert.equal(wide, narrow, 'stations that come later move no button');
    // The first press after a reload starts the sound, and the line that asks for it goes: nothing moves under the hand.
    await page.locator('p.blocked').waitFor({ timeout: PATIENCE_MS });
    const all = await desk.button('清除篩選').boundingBox();
    await page.mouse.move(all.x + all.width / 2, all.y + all.height / 2);
    await page.mouse.down();
    await page.waitForTimeout(500);
    assert.deepEqual(await desk.button('清除篩選').boundingBox(), all);
    // Something else comes all the same.
    await page.locator('main').evaluate((main) => main.before(Object.assign(document.createElement('p'), { id: 'comes', textContent: '…' })));
    assert.notDeepEqual(await desk.button('清除篩選').boundingBox(), all);
    await page.mouse.up();
    await eventually(async () => (await desk.queue()).length === 4, 'all calls again');
    await page.locator('p.blocked').waitFor({ state: 'detached' });
    await page.locator('#comes').evaluate((line) => line.remove());
    // Whoever moves away before letting go has changed their mind.
    await page.getByPlaceholder('篩選文字').fill('林森');
    await page.mouse.down();
    await page.mouse.move(all.x + all.width / 2, all.y + 300);
    await page.mouse.up();
    assert.deepEqual(await desk.queue(), [of('SERVED')]);
    await desk.button('清除篩選').click();
    await eventually(async () => (await desk.queue()).length === 4, 'all calls once more');
    await page.locator('[data-unit-row]').filter({ hasText: '北門301' }).getByRole('button').click();
    await page.locator('aside[aria-label="北門301"]').waitFor();
  },

  async own_window(desk) {
    const { page } = desk;
    await desk.open('header nav');
    await desk.english();
    const [other] = await Promise.all([
      page.context().waitForEvent('page'),
      page.keyboard.press('b').then(() => page.getByRole('link', { name: 'Own window' }).click()),
    ]);
    const second = new BoardDesk(other);
    await other.locator(`${QUEUE} [data-incident]`).first().waitFor({ timeout: PATIENCE_MS });
    assert.match(other.url(), /#\/board$/);
    await second.sees('Calls nobody has reached');
    await second.shots('board-en', { drawn_ms: 500 });
    for (const [width, height] of [[1280, 800], [1920, 1080], [3840, 2160]]) {
      await other.setViewportSize({ width, height });
      await other.waitForTimeout(400);
      await second.shot(`board-en-${width}`);
      assert.ok(await other.evaluate(() => document.body.scrollWidth <= document.body.clientWidth + 1), `${width}: too wide`);
    }
    // What the first window does, the second one shows.
    await page.locator(`${QUEUE} [data-incident="${of('UNKNOWN_ID')}"] th button`).click();
    // Who could go comes a moment later, above the question, and moves nothing.
    await desk.button('Cancel call').waitFor({ timeout: PATIENCE_MS });
    const foot = await desk.button('Cancel call').boundingBox();
    await page.locator(`[data-incident-panel="${of('UNKNOWN_ID')}"] [data-unit]:visible`).first().waitFor({ timeout: PATIENCE_MS });
    assert.deepEqual(await desk.button('Cancel call').boundingBox(), foot);
    await desk.button('Cancel call').click();
    await desk.button('False alarm').click();
    await eventually(async () => !(await second.queue()).includes(of('UNKNOWN')), 'the call to leave the other window');
    assert.deepEqual(second.troubles, []);
  },

  async record(desk) {
    const { page } = desk;
    await desk.at(`incident/${of('REACHED')}`);
    const record = page.locator(`main[data-incident-page="${of('REACHED_ID')}"]`);
    await record.waitFor({ timeout: PATIENCE_MS });
    for (const words of ['林小姐', '救護車已到', '自接獲報案', '自第一次派遣', '員警按鍵', '無線電回報可先到', '併入的報案']) {
      await record.getByText(words).first().waitFor({ timeout: PATIENCE_MS });
    }
    await record.getByRole('link', { name: of('AGAIN') }).waitFor();
    const decision = record.locator('.decision').filter({ hasText: '人工派遣' }).first();
    assert.match(await decision.locator('tbody tr').first().innerText(), /北興102\s*✓ 選中/, 'the chosen one is first');
    assert.ok((await decision.locator('tbody tr').count()) >= 4, 'whoever was considered');
    await desk.shots('record-zh', { box: 'main', drawn_ms: 500 });

    await page.evaluate(() => {
      window.dispatchEvent(new Event('beforeprint'));
    });
    await page.locator('.print-sheet').waitFor({ state: 'attached' });
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 794, height: 1123 });
    assert.equal(await page.locator('.print-sheet button, .print-sheet input, .print-sheet summary').count(), 0, 'no controls');
    assert.equal(await page.locator('#app').isVisible(), false, 'nothing of the desk');
    await desk.shot('paper-zh', true);
    const ink = await page.locator('.print-sheet').evaluate((node) => [getComputedStyle(node).color, getComputedStyle(document.body).backgroundColor]);
    assert.deepEqual(ink, ['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    await page.evaluate(() => {
      window.dispatchEvent(new Event('afterprint'));
    });
    await page.emulateMedia({ media: null });
    assert.equal(await page.locator('.print-sheet').count(), 0);

    const pdf = await page.pdf({ preferCSSPageSize: true });
    writeFileSync(join(PATROL_SHOTS, 'record-zh.pdf'), pdf);
    const text = pdf.toString('latin1');
    assert.match(text, /\/MediaBox\s*\[0 0 59[45](\.\d+)? 84[12]/, 'A4');
    await page.setViewportSize({ width: 1440, height: 900 });

    // A merged call is reviewed with the incident that it went into.
    await record.getByRole('link', { name: of('AGAIN') }).click();
    const merged = page.locator(`main[data-incident-page="${of('AGAIN_ID')}"]`);
    const other = merged.getByRole('link', { name: '複核該案' });
    await other.waitFor({ timeout: PATIENCE_MS });
    assert.equal(await merged.getByRole('button', { name: /複核|裁定/ }).count(), 0, 'no ruling on a merged call');
    await other.click();
    await record.getByRole('heading', { name: '複核', exact: true }).waitFor({ timeout: PATIENCE_MS });
  },

  async past(desk) {
    const { page } = desk;
    await desk.open('header nav');
    await desk.english();
    await page.keyboard.press('i');
    await page.getByRole('heading', { name: 'Records' }).waitFor();
    const yesterday = new Date(Date.now() - 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 10);
    await page.getByLabel('From').fill(yesterday);
    await page.locator('tbody tr').nth(6).waitFor({ timeout: PATIENCE_MS });
    await desk.shots('past-en', { box: 'main', drawn_ms: 500 });
    await page.locator('input[type=search]').fill('自由街');
    await page.keyboard.press('Enter');
    await eventually(async () => (await page.locator('tbody tr').count()) === 1, 'the one that is searched');
    await page.reload();
    await page.getByRole('link', { name: of('CLOSED') }).click({ timeout: PATIENCE_MS });
    const record = page.locator(`main[data-incident-page="${of('CLOSED_ID')}"]`);
    await record.getByText('現場勸導').first().waitFor({ timeout: PATIENCE_MS });
    assert.equal(await record.getByRole('button', { name: /Take off|Close incident|Send/ }).count(), 0, 'an auditor looks');
    await desk.shots('record-en', { box: 'main', drawn_ms: 500 });
    await page.goBack();
    await page.getByRole('heading', { name: 'Records' }).waitFor();
    assert.equal(await page.locator('input[type=search]').inputValue(), '自由街', 'back asks the same question');
  },
};

await play(scenarios, { kind: BoardDesk, refusals: [401, 403] });
