// Drives a real Chromium through the what-if page, one scenario a run: node what_if.mjs SCENARIO.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Desk, PATIENCE_MS, play, SIZES } from './chromium.mjs';

const { PATROL_SHOTS } = process.env;

class Page extends Desk {
  open = () => super.open('nav');
  /** The screen itself never scrolls sideways; a wide table scrolls inside its own box. */
  both = (name) => this.shots(name, { box: 'main .body', drawn_ms: 0 });

  /** Runs what is in the form and gives the question's id once it is over. */
  async result(state = 'done') {
    const article = this.page.locator(`article[data-run][data-state=${state}]`);
    await article.waitFor({ timeout: PATIENCE_MS });
    return article.getAttribute('data-run');
  }

  async download(name) {
    const [file] = await Promise.all([this.page.waitForEvent('download'), this.button(name).click()]);
    const kept = join(PATROL_SHOTS, file.suggestedFilename());
    await file.saveAs(kept);
    return { name: file.suggestedFilename(), content: readFileSync(kept) };
  }
}

const scenarios = {
  async question(desk) {
    const { page } = desk;
    await desk.open();
    await page.getByRole('link', { name: '假設分析', exact: true }).click();
    await page.getByText('先前的問題').or(page.getByText('還沒有問過')).first().waitFor();
    await desk.shot('hello-zh');
    await desk.button('新的問題').first().click();
    await page.locator('#what-if-name').fill('南門多一輛車？');
    assert.equal(await page.locator('[role=tab]').count(), 2);
    assert.ok(await page.locator('input[name=what-if-source][value=past]').isChecked(), 'past calls are proposed');
    assert.match(await page.locator('.demand').innerText(), /資料庫有 1440 件/);
    await page.getByRole('spinbutton', { name: '南門 汽車' }).fill('2');
    await desk.button('複製並修改').click();
    await page.locator('#what-if-preset').selectOption('typhoon');
    await page.locator('#what-if-demand').fill('20');
    await page.locator('#what-if-shifts').selectOption('three');
    await desk.both('form-zh');
    await page.locator('[role=tab]').last().focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.locator('[role=tab][aria-selected=true] b').innerText(), '現況', 'arrows go round the tabs');
    await page.locator('#what-if-days').fill('1');
    await page.locator('#what-if-replications').fill('5');
    await page.locator('#what-if-seed').fill('110');
    await desk.button('開始計算').click();
    await page.locator('progress').waitFor({ timeout: PATIENCE_MS });
    await page.getByText('讀取街道與報案').or(page.getByText('已跑')).first().waitFor({ timeout: PATIENCE_MS });
    await desk.shot('progress-zh');
    const id = await desk.result();

    const table = page.locator('article table');
    assert.equal(await table.locator('thead th').count(), 3);
    assert.equal(await table.locator('tbody tr').count(), 6);
    assert.equal(await table.locator('[data-verdict]').count(), 12);
    assert.match(await table.locator('tr[data-figure=share]').innerText(), /\d+\.\d %/);
    assert.match(await page.locator('article').innerText(), /模型不知道的/);
    await desk.both('result-zh');
    await page.emulateMedia({ media: 'print' });
    assert.ok(await desk.button('列印').isHidden(), 'paper has no buttons');
    await desk.shot('print-zh', true);
    await page.emulateMedia({ media: 'screen' });

    const csv = await desk.download('存成 CSV 檔');
    assert.equal(csv.name, '南門多一輛車？.csv');
    assert.deepEqual([...csv.content.subarray(0, 3)], [0xef, 0xbb, 0xbf], 'a byte order mark');
    assert.equal(csv.content.toString('utf8').trim().split('\r\n').length, 1 + 3 * 6);
    const json = JSON.parse((await desk.download('存成 JSON 檔')).content.toString('utf8'));
    assert.equal(json.id, id);
    assert.equal(json.result.variants[0].runs.length, 5);

    await desk.button('再跑一次').click();
    await page.getByText('與第一次逐位數字相同').waitFor({ timeout: PATIENCE_MS });
    assert.equal(await page.locator('[data-what-if]').count(), 2);
    await desk.shot('repeat-zh');

    await desk.button('修改後再問').click();
    assert.equal(await page.locator('[role=tab]').count(), 3);
    assert.equal(await page.locator('#what-if-days').inputValue(), '1');
  },

  async english(desk) {
    const { page } = desk;
    await page.setViewportSize(SIZES.tablet);
    await desk.open();
    await desk.button('English').click();
    await page.getByRole('link', { name: 'What if', exact: true }).click();
    await desk.button('New question').first().click();
    await page.locator('#what-if-name').fill('');
    await page.locator('#what-if-replications').fill('500');
    await page.locator('#what-if-variant-name').fill('As it is');
    await desk.button('Run').click();
    await page.getByText('Some fields need correction').waitFor();
    assert.equal(await page.locator('[aria-invalid=true]').count(), 3);
    await desk.both('wrong-en');
    await page.setViewportSize(SIZES.tablet);
    await page.locator('#what-if-name').fill('A festival for a month');
    await page.locator('#what-if-variant-name').fill('Festival');
    await page.locator('#what-if-preset').selectOption('festival');
    await page.locator('#what-if-days').fill('31');
    await page.locator('#what-if-replications').fill('50');
    await desk.button('Run').click();
    await page.getByText(/of 100 runs/).waitFor({ timeout: PATIENCE_MS });
    await page.getByText(/about .* left/).waitFor({ timeout: PATIENCE_MS });
    await desk.both('progress-en');
    await page.setViewportSize(SIZES.tablet);
    await desk.button('Cancel').click();
    const cancelled = await desk.result('cancelled');

    await page.locator('[data-what-if][data-state=done]').last().click();
    await desk.result();
    await desk.both('result-en');
    await page.locator(`[data-what-if="${cancelled}"]`).click();
    await desk.result('cancelled');
    await desk.button('Delete').click();
    await page.getByText('Delete it with its result?').waitFor();
    await desk.button('Delete').click();
    await page.locator(`[data-what-if="${cancelled}"]`).waitFor({ state: 'detached', timeout: PATIENCE_MS });

    await desk.button('New question').first().click();
    await desk.button('Start over').click();
    await page.locator('#what-if-first').fill('2020-01-01');
    await page.locator('#what-if-last').fill('2020-01-02');
    await desk.button('Run').click();
    await page.getByText('too few calls').waitFor({ timeout: PATIENCE_MS });
    await desk.shot('too-few-en');
    await desk.button('Use invented calls').click();
    await page.locator('#what-if-calls').waitFor();
  },

  async auditor(desk) {
    const { page } = desk;
    await desk.open();
    await page.getByRole('link', { name: '假設分析', exact: true }).click();
    await page.locator('[data-what-if][data-state=done]').first().click();
    await desk.result();
    await page.locator('article table').waitFor();
    for (const name of ['新的問題', '再跑一次', '修改後再問', '刪除']) assert.equal(await desk.button(name).count(), 0);
    assert.equal(await desk.button('存成 CSV 檔').count(), 1);
    await desk.shot('auditor-zh');
  },
};

await play(scenarios, { kind: Page, refusals: [401, 409, 422] });
