// Drives a real Chromium through the intake form and the find box, one scenario a run: node intake.mjs SCENARIO.
import assert from 'node:assert/strict';
import { Desk, eventually, PATIENCE_MS, play } from './chromium.mjs';

const { PATROL_UNIT } = process.env;
/** A typical call may take this many strokes: keys and characters together. */
const STROKES = 20;
/** So long after its note a call is sent, that no clock takes one for the other. */
const LATER_MS = 1_000;

class IntakeDesk extends Desk {
  strokes = 0;

  async hit(...keys) {
    for (const key of keys) {
      this.strokes += 1;
      await this.page.keyboard.press(key);
    }
  }

  async write(text) {
    this.strokes += text.length;
    await this.page.keyboard.type(text);
  }

  focused = () => this.page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('name') || '');
  reaches = (field) => eventually(async () => (await this.focused()) === field, `the keyboard at ${field}`);
  option = (text) => this.page.getByRole('option').filter({ hasText: text }).first().waitFor({ timeout: PATIENCE_MS });
  panel = () => this.page.locator('article[data-incident-panel]');
  incidents = () => this.page.evaluate(async () => (await (await fetch('/api/v1/incidents?state=all')).json()).items);
  incident = (id) => this.page.evaluate(async (of) => (await fetch(`/api/v1/incidents/${of}`)).json(), id);
  english = () => this.page.getByRole('button', { name: 'English' }).click();
}

const scenarios = {
  async keys(desk) {
    const { page } = desk;
    await desk.open();
    await desk.hit('n');
    await desk.reaches('category');
    await desk.hit('a');
    await desk.reaches('accident_class');
    await desk.hit('2');
    await desk.reaches('place');
    await desk.write('吳鳳路15號');
    await desk.option('吳鳳路15號');
    await desk.shots('place-list', { box: 'section.side', drawn_ms: 700 });
    await desk.hit('Enter');
    await desk.reaches('description');
    await desk.write('機車倒地');
    await page.locator('section.side').getByText('吳鳳路11號 – 吳鳳路21號').waitFor({ timeout: PATIENCE_MS });
    await page.locator('section.side ol').getByText(PATROL_UNIT).waitFor({ timeout: PATIENCE_MS });
    assert.ok(await page.locator('input[name=priority][value="2"]').isChecked(), 'A2 proposes priority 2');
    await desk.shots('before-enter', { box: 'section.side', drawn_ms: 700 });
    await desk.hit('Enter');
    await desk.panel().locator('[data-assignment]').waitFor({ timeout: PATIENCE_MS });
    assert.ok(desk.strokes <= STROKES, `${desk.strokes} strokes`);
    console.error(`strokes: ${desk.strokes}`);

    const [first] = await desk.incidents();
    assert.equal(first.address, '吳鳳路15號');
    await page.keyboard.press('Escape');
    await desk.hit('n', 'a', '3');
    await desk.reaches('place');
    await desk.write('吳鳳路11');
    await desk.option('吳鳳路11號');
    await desk.hit('Enter');
    await desk.reaches('description');
    await page.locator(`[data-same="${first.number}"]`).waitFor({ timeout: PATIENCE_MS });
    await desk.shots('same', { box: 'section.side', drawn_ms: 700 });
    await desk.hit('Shift+Tab', 'Space', 'Tab');
    await desk.reaches('description');
    await desk.write('對面也看到');
    await desk.hit('Tab');
    await desk.reaches('note');
    await desk.write('騎士清醒');
    await desk.hit('Enter');
    await page.locator('section.side li').getByText('騎士清醒').waitFor();
    await page.waitForTimeout(LATER_MS);
    await desk.hit('Enter');
    await desk.panel().waitFor({ timeout: PATIENCE_MS });
    const all = await desk.incidents();
    assert.deepEqual(all.map(({ state }) => state).sort(), ['merged', 'open']);
    const merged = all.find(({ state }) => state === 'merged');
    assert.equal(merged.merged_into, first.id);
    const whole = await desk.incident(first.id);
    assert.equal(whole.assignments.length, 1, 'nobody else is sent');
    await desk.panel().getByText('騎士清醒').first().waitFor({ timeout: PATIENCE_MS });
    const [note] = whole.timeline.filter(({ kind }) => kind === 'note_added');
    assert.equal(note.data.text, '騎士清醒');
    const age_ms = Date.parse(merged.created_at) - Date.parse(note.happened_at);
    assert.ok(age_ms > LATER_MS / 2, `a note bears the time at which it was written down, ${age_ms} ms before`);
    assert.equal(await page.evaluate(() => sessionStorage.length), 0, 'a call that is entered leaves no draft');
  },

  async kept(desk) {
    const { page } = desk;
    await page.setViewportSize({ width: 1024, height: 768 });
    await desk.open();
    await desk.english();
    await page.keyboard.press('n');
    await page.keyboard.press('s');
    await desk.reaches('place');
    const opened = await page.evaluate(() => JSON.parse(sessionStorage.getItem('patrol.call_draft')).received_at);
    await page.keyboard.type('nowhere at all');
    await desk.sees('Nothing found');
    await page.keyboard.press('Escape');
    await page.locator('#note').fill('she whispers');
    await page.locator('#note').press('Enter');
    await page.locator('#note').fill('half a');
    await page.keyboard.press('Escape');
    await page.locator('#note').waitFor({ state: 'detached' });
    await page.reload();
    await page.locator('.frame[data-ready=true]').waitFor({ timeout: PATIENCE_MS });
    await page.keyboard.press('n');
    assert.equal(await page.locator('#place').inputValue(), 'nowhere at all');
    assert.equal(await page.locator('#note').inputValue(), 'half a');
    await page.locator('section.side li').getByText('she whispers').waitFor();
    const kept = await page.evaluate(() => JSON.parse(sessionStorage.getItem('patrol.call_draft')).received_at);
    assert.equal(kept, opened, 'the clock runs on');

    await page.locator('#caller_phone').press('Enter');
    await desk.sees('No place yet');
    await desk.shots('kept-en', { box: 'section.side', drawn_ms: 700 });
    const box = await page.locator('.frame').boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await eventually(async () => (await page.locator('#address').inputValue()) === 'nowhere at all', 'the words, kept');
    await page.locator('#address').fill('');
    await page.locator('#place').fill('https://www.google.com/maps/@23.4701,120.4401,17z');
    await eventually(async () => /口|號/.test(await page.locator('#address').inputValue()), 'the name of the place');
    await desk.shot('phone-en');

    const refused = { code: 'validation', detail: 'no', errors: [{ member: 'caller_phone', reason: 'is no telephone number' }] };
    const enter = (url) => url.pathname === '/api/v1/incidents';
    await page.route(enter, (route) =>
      route.request().method() === 'POST' ? route.fulfill({ status: 422, json: refused }) : route.continue(),
    );
    await page.locator('#caller_phone').fill('abc');
    await page.locator('#caller_phone').press('Enter');
    await page.locator('#caller_phone-wrong').getByText('is no telephone number').waitFor({ timeout: PATIENCE_MS });
    await desk.reaches('caller_phone');
    await page.unroute(enter);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#username').waitFor({ timeout: PATIENCE_MS });
    assert.equal(await page.evaluate(() => sessionStorage.getItem('patrol.call_draft')), null);
  },

  async found(desk) {
    const { page } = desk;
    await desk.open();
    const look = async (text, option = text) => {
      await page.keyboard.press('f');
      await desk.reaches('find');
      await page.keyboard.type(text);
      await desk.option(option);
    };
    await look(PATROL_UNIT);
    await page.keyboard.press('Enter');
    await page.locator(`aside[aria-label="${PATROL_UNIT}"]`).waitFor({ timeout: PATIENCE_MS });
    await look('仁愛', '仁愛醫院');
    await desk.shots('found-zh', { drawn_ms: 700 });
    await page.keyboard.press('Enter');
    await page.locator('.pin').getByText('仁愛醫院').waitFor({ timeout: PATIENCE_MS });
    const [{ number }] = await desk.incidents();
    await look(number);
    await page.keyboard.press('Enter');
    await desk.panel().getByText(number).first().waitFor({ timeout: PATIENCE_MS });
    await page.keyboard.press('Escape');
    await desk.english();
    await look('中山路與民族路二段口', '中山路/民族路二段口');
    await page.keyboard.press('Enter');
    await page.locator('.pin').getByText('中山路/民族路二段口').waitFor({ timeout: PATIENCE_MS });
    await look('renai hosp', '仁愛醫院');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await look('吳鳳路13', '吳鳳路13號');
    await desk.shots('found-en', { drawn_ms: 700 });
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.type('zzzzqq');
    await desk.sees('Nothing found');
  },
};

await play(scenarios, { kind: IntakeDesk, refusals: [401, 422] });
