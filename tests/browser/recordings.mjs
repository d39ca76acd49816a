// Drives a real Chromium through an incident's recordings: states, player, export: node recordings.mjs SCENARIO.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Desk, eventually, PATIENCE_MS, play } from './chromium.mjs';
import { complaints } from './looking.mjs';

const { PATROL_URL, PATROL_SHOTS, PATROL_INCIDENT } = process.env;

const scenarios = {
  async recordings(desk) {
    const { page } = desk;
    await desk.open('header nav');
    await page.goto(`${PATROL_URL}/#/incident/${PATROL_INCIDENT}`);
    const section = page.locator('[data-recordings]');
    await section.waitFor({ timeout: PATIENCE_MS });
    const states = () => section.locator('[data-recording]').evaluateAll((rows) => rows.map((row) => row.dataset.state).sort());
    assert.deepEqual(await states(), ['in_car', 'quarantined', 'verified']);
    await section.getByText('仍在車上').waitFor();
    await section.getByText('已隔離：雜湊不符').waitFor();
    assert.deepEqual(await complaints(page), []);

    const here = section.locator('[data-state=verified]');
    assert.equal(await section.getByRole('button', { name: '播放' }).count(), 1, 'only what is verified plays');
    await here.getByRole('button', { name: '播放' }).click();
    const asked = await page.locator('video').getAttribute('src');
    assert.match(asked, /\/api\/v1\/recordings\/[0-9a-f-]+\/content$/);
    assert.deepEqual(await complaints(page), []);
    await here.getByRole('button', { name: '關閉影片' }).click();

    await section.getByRole('button', { name: '匯出 (1)' }).click();
    assert.deepEqual(await complaints(page), []);
    const coming = page.waitForEvent('download');
    await section.getByRole('button', { name: '檢察官或法院調閱' }).click();
    const file = await coming;
    assert.match(file.suggestedFilename(), /^patrol-export-.*\.zip$/);
    await file.saveAs(`${PATROL_SHOTS}/export.zip`);
    assert.equal(readFileSync(`${PATROL_SHOTS}/export.zip`).subarray(0, 2).toString(), 'PK');
    await section.getByText('sha256sum -c SHA256SUMS').waitFor();
    await desk.shots('recordings-zh');

    await desk.button('English').click();
    await section.getByText('set apart: wrong hash').waitFor();
    process.stdout.write('upload\n');
    await eventually(async () => (await states()).filter((state) => state === 'verified').length === 2, 'the feed tells of it');
  },

  async cameras(desk) {
    const { page } = desk;
    await desk.open('header nav');
    await page.keyboard.press('f');
    await page.locator('#find').fill('北興101');
    await page.locator('section.map [role=option]').first().waitFor({ timeout: PATIENCE_MS });
    await page.keyboard.press('Enter');
    const card = page.locator('aside[aria-label="北興101"]');
    await card.getByText('dash-1').waitFor({ timeout: PATIENCE_MS });
    await card.getByText('● 錄影中').waitFor();
    await card.getByText('81 %').waitFor();
    assert.deepEqual(await complaints(page), []);
  },
};

await play(scenarios, { refusals: [401] });
