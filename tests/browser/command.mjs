// Drives a real Chromium through the command line, by the keyboard alone: node command.mjs SCENARIO.
import assert from 'node:assert/strict';
import { Desk, eventually, PATIENCE_MS, play, SIZES } from './chromium.mjs';

const { PATROL_NEAR, PATROL_FAR, PATROL_FIRST, PATROL_SECOND } = process.env;
const end = (number) => String(Number(number.split('-')[1]));

class Console extends Desk {
  line = () => this.page.getByRole('combobox', { name: /指令列|Command line/ });
  says = () => this.page.locator('section.command .says');
  result = () => this.page.locator('[data-result]');
  panel = () => this.page.locator('article[data-incident-panel]');
  focused = () => this.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 90));

  /** Opens the line and types; the words that say what Enter will do. */
  async types(text, preview) {
    await this.page.keyboard.press('/');
    await this.line().waitFor();
    await this.page.keyboard.type(text);
    if (preview) await this.says().filter({ hasText: preview }).waitFor({ timeout: PATIENCE_MS });
  }

  /** A whole command, until its result is said. */
  async does(text, result, preview) {
    await this.types(text, preview);
    await this.page.keyboard.press('Enter');
    await this.result().filter({ hasText: result }).waitFor({ timeout: PATIENCE_MS });
    assert.equal(await this.line().count(), 0, 'the line is closed after its command');
  }

  /** What the server knows of the incident now. */
  async incident(number) {
    return this.page.evaluate(async (wanted) => {
      const { items } = await (await fetch('/api/v1/incidents?limit=50')).json();
      const { id } = items.find((one) => one.number === wanted);
      return (await fetch(`/api/v1/incidents/${id}`)).json();
    }, number);
  }
}

const scenarios = {
  async work(desk) {
    const { page } = desk;
    await desk.open();
    await desk.sees(PATROL_FIRST);

    await page.keyboard.press('/');
    await page.getByRole('option').first().waitFor();
    await desk.shots('command-open-zh', { box: 'section.command' });
    await page.keyboard.type('派101 ');
    await page.getByRole('option').filter({ hasText: '吳鳳路' }).waitFor();
    await page.keyboard.type(end(PATROL_FIRST));
    await page.keyboard.press('Tab');
    assert.match(await desk.line().inputValue(), /^派101 0*\d+ $/, 'Tab completes the number');
    await desk.says().filter({ hasText: /預估 \d+ 分 \d+ 秒/ }).waitFor({ timeout: PATIENCE_MS });
    assert.match(await desk.says().innerText(), new RegExp(`派 ${PATROL_NEAR} 到 …-0*${end(PATROL_FIRST)}，`));
    await desk.shots('command-assign-zh', { box: 'section.command' });
    await page.keyboard.press('Escape');
    assert.equal(await desk.line().count(), 0);
    assert.equal((await desk.incident(PATROL_FIRST)).assignments.length, 0, 'Escape sends nobody');

    await desk.does(`派101 ${end(PATROL_FIRST)}`, `已派 ${PATROL_NEAR}`, '預估');
    await desk.shot('command-result-zh');
    await page.keyboard.press('Control+z');
    await desk.result().filter({ hasText: '已復原' }).waitFor({ timeout: PATIENCE_MS });
    const undone = await desk.incident(PATROL_FIRST);
    assert.deepEqual(undone.assignments.map(({ state }) => state), ['cancelled'], 'a unit sent by hand is off again');

    // It came off this call, so that another is recommended now: a reason is asked for, and offered.
    await desk.types(`a 101 ${end(PATROL_FIRST)}`, '請在後面寫理由');
    await page.keyboard.press('Enter');
    await desk.page.locator('section.command [role=alert]').waitFor();
    await page.keyboard.type(' 已在附近');
    await desk.says().filter({ hasText: `派 ${PATROL_NEAR}` }).waitFor({ timeout: PATIENCE_MS });
    await page.keyboard.press('Enter');
    await desk.result().filter({ hasText: `已派 ${PATROL_NEAR}` }).waitFor({ timeout: PATIENCE_MS });

    await desk.does(`案件 ${end(PATROL_FIRST)}`, '已打開');
    await desk.panel().getByText(PATROL_FIRST).first().waitFor({ timeout: PATIENCE_MS });
    await desk.does('收到 101', '已記錄', '收到');
    await desk.does('er 101', '已記錄', '出發');
    await desk.does('到達101', '已記錄', '到達');
    await page.keyboard.press('Control+z');
    await desk.result().filter({ hasText: '說過的時間不會消失' }).waitFor();
    await desk.panel().locator('[data-assignment][data-state=on_scene]').waitFor({ timeout: PATIENCE_MS });

    await desk.types('er 101', '不能退回');
    await page.keyboard.press('Enter');
    await page.locator('section.command [role=alert]').waitFor({ timeout: PATIENCE_MS });
    await desk.shot('command-refused-zh');
    await page.keyboard.press('Escape');

    await desk.does('備註 歹徒往北 "紅色機車"', '寫備註', '歹徒往北');
    await desk.panel().getByText('歹徒往北').first().waitFor({ timeout: PATIENCE_MS });
    await desk.does('復原', '劃掉', '復原：');
    await desk.does('n 報案人再來電', '寫備註');
    await desk.does('訊息101 請注意後門', `已傳給 ${PATROL_NEAR}`);
    await page.keyboard.press('/');
    await page.keyboard.press('ArrowUp');
    assert.equal(await desk.line().inputValue(), '訊息101 請注意後門');
    await page.keyboard.press('ArrowUp');
    assert.equal(await desk.line().inputValue(), 'n 報案人再來電');
    await page.keyboard.press('Escape');
    await desk.does('停勤 201 用餐', '已停勤');
    await page.keyboard.press('Control+z');
    await desk.result().filter({ hasText: '已復勤' }).waitFor({ timeout: PATIENCE_MS });
    await desk.does('結案 101 勸離', '已記錄', '勸離');
    await desk.panel().locator('h2 .ended').waitFor({ timeout: PATIENCE_MS });
    await desk.does('n 物主領回機車', '寫備註', '物主領回機車');
    await desk.shots('command-done-zh', { box: 'main' });

    const told = await desk.incident(PATROL_FIRST);
    assert.deepEqual([told.state, told.disposition], ['closed', '勸離']);
    const steps = told.timeline.filter(({ kind }) => /acknowledged|en_route|on_scene|cleared/.test(kind));
    assert.deepEqual(steps.map(({ said_by }) => said_by), Array(4).fill('dispatcher'));
    assert.deepEqual(
      told.timeline.filter(({ kind }) => /^note/.test(kind)).map(({ kind }) => kind),
      ['note_added', 'note_struck', 'note_added', 'note_added'],
    );
  },

  async english(desk) {
    const { page } = desk;
    await page.setViewportSize(SIZES.tablet);
    await desk.open();
    await desk.sees(PATROL_SECOND);
    await page.getByRole('button', { name: 'English' }).focus();
    await page.keyboard.press('Enter');
    await desk.sees('Open calls');

    await page.keyboard.press('?');
    const sheet = page.getByRole('dialog', { name: 'Keys and commands' });
    await sheet.waitFor();
    await desk.shots('help-en', { box: 'dialog' });
    await page.emulateMedia({ media: 'print' });
    await desk.shot('help-print-en', true);
    assert.equal(await page.locator('header nav').isVisible(), false, 'only the sheet is printed');
    await page.emulateMedia({ media: 'screen' });
    for (let stops = 0; stops < 12; stops++) {
      await page.keyboard.press('Tab');
      const inside = await page.evaluate(() => {
        const at = document.activeElement;
        return at === document.body || at?.closest('dialog') !== null;
      });
      assert.ok(inside, `the keyboard left the sheet for ${await desk.focused()}`);
    }
    await page.keyboard.press('n');
    assert.equal(await page.locator('form #address').count(), 0, 'keys under a dialog do nothing');
    await sheet.getByRole('checkbox').focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
    assert.match(await desk.focused(), /English/, 'the keyboard is back where it was');

    for (const key of ['n', '/', '?', 'b']) await page.keyboard.press(key);
    assert.equal(await page.locator('form #address').count() + (await desk.line().count()) + (await sheet.count()), 0);
    assert.match(page.url(), /#\/map$/);
    await page.keyboard.press('F1');
    await sheet.waitFor();
    await sheet.getByRole('checkbox').focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');

    await page.keyboard.press('Control+k');
    await page.keyboard.type('f zz nowhere');
    await page.keyboard.press('Enter');
    await page.locator('section.command [role=alert]').filter({ hasText: 'Nothing found' }).waitFor({ timeout: PATIENCE_MS });
    for (let letters = 0; letters < 10; letters++) await page.keyboard.press('Backspace');
    await page.keyboard.type('201');
    await page.keyboard.press('Enter');
    const shown = page.locator('aside', { hasText: PATROL_FAR });
    const found = page.getByRole('option', { name: new RegExp(PATROL_FAR) });
    await shown.or(found).first().waitFor({ timeout: PATIENCE_MS });
    if (await found.count()) {
      await desk.shot('command-found-en');
      await page.keyboard.press('Enter');
    }
    await shown.waitFor({ timeout: PATIENCE_MS });

    await desk.does('mode night', 'Night', 'whole bureau');
    await desk.does('u', 'Recommend only', 'Take back');
    await desk.does('v board', 'opened');
    assert.match(page.url(), /#\/board$/);
    await desk.does('v map', 'opened');

    const parts = new Set();
    for (let stops = 0; stops < 8; stops++) {
      await page.keyboard.press('F6');
      parts.add(
        await page.evaluate(() => {
          const part = document.activeElement?.closest('header, section, main');
          return part?.tagName === 'HEADER' ? 'bar' : (part?.getAttribute('aria-label') ?? part?.tagName);
        }),
      );
    }
    for (const part of ['bar', 'Open calls', 'Live map']) assert.ok(parts.has(part), `${part} is not among ${[...parts]}`);

    await desk.types('n the caller is 0912345678', 'No incident is chosen');
    await page.keyboard.press('Escape');
    await desk.does(`n ${end(PATROL_SECOND)} the caller is 0912345678`, 'Note written');
    await page.getByRole('button', { name: 'Sign out' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#username').waitFor({ timeout: PATIENCE_MS });
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.ok(!kept.includes('0912345678'), 'nothing that was typed is kept on this machine');
    await desk.signIn();
    await page.locator('.frame[data-ready=true]').waitFor({ timeout: PATIENCE_MS });
    await page.keyboard.press('/');
    await page.keyboard.press('ArrowUp');
    assert.equal(await desk.line().inputValue(), '', 'the next person finds no lines of the last one');
    await page.keyboard.type('u');
    await desk.says().filter({ hasText: 'Nothing was done' }).waitFor();
    await page.keyboard.press('Escape');
    await eventually(async () => (await desk.line().count()) === 0, 'the closed line');
  },
};

await play(scenarios, { kind: Console, refusals: [401, 404, 409, 422] });
