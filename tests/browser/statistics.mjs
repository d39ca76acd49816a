// Drives a real Chromium through the page of figures, one scenario a run: node statistics.mjs SCENARIO. With
// PATROL_SCREENS its pictures of docs/console.md are written there.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, play, SIZES } from './chromium.mjs';
import { complaints, cutOff, otherLanguage } from './looking.mjs';
import { PATIENCE_MS, Visitor } from './visitor.mjs';

const { PATROL_LANGUAGE, PATROL_SCREENS, PATROL_SHOTS } = process.env;
const TABS = ['overview', 'time', 'map', 'ledger', 'reviews', 'reports', 'etas'];
/** 1280 x 720 with letters twice as large. */
const TWICE = { width: 640, height: 360 };
const WALL = { width: 3840, height: 2160 };
/** The pictures of docs/console.md, by tab. */
const PICTURES = {
  'zh-TW': { overview: 'statistics', time: 'statistics-hours', map: 'statistics-map', ledger: 'statistics-ledger', reports: 'statistics-reports' },
  en: { overview: 'statistics-in-english' },
};
const TABS_TO_A_CHART = 60;
const number = (text) => Number(text.replaceAll(',', '').match(/\d+/)[0]);
const linesOf = (content) => content.toString('utf8').trim().split('\r\n');

class Manager extends Visitor {
  async open(argument = '') {
    await this.begin(PATROL_LANGUAGE);
    await this.signIn();
    await this.see('header nav a');
    await this.goTo(`statistics${argument && `/${encodeURIComponent(argument)}`}`);
    await this.read();
  }

  /** Until all figures of the tab are there, and drawn. */
  async read() {
    await eventually(
      () =>
        this.page.evaluate(() => {
          const panel = document.querySelector('#figures-panel');
          const charts = [...document.querySelectorAll('#figures-panel .chart')];
          return (
            panel?.querySelector('section, .said, .body') &&
            panel.ariaBusy === 'false' &&
            charts.every(({ dataset }) => dataset.drawn === 'true')
          );
        }),
      'all figures',
      PATIENCE_MS,
    );
  }

  async tab(name) {
    await this.page.locator(`#figures-tab-${name}`).click();
    await this.see(`main[data-statistics=${name}]`);
    await this.read();
    if (name === 'map') await this.see('main[data-statistics] .frame[data-ready=true]');
  }

  focused = (look) => this.page.evaluate(`(${look})(document.activeElement)`);

  /** Tab until the focus is where `look` says. */
  async tabTo(look, what, key = 'Tab') {
    for (let press = 0; press < TABS_TO_A_CHART; press += 1) {
      await this.press(key);
      if (await this.focused(look)) return;
    }
    assert.fail(`Tab never comes to ${what}`);
  }

  async sums() {
    const found = {};
    for (const name of ['within', 'late', 'excluded', 'incidents']) {
      found[name] = number(await this.page.locator(`#figures-panel [data-sum=${name}]`).innerText());
    }
    assert.equal(found.within + found.late + found.excluded, found.incidents, 'the sums agree on screen');
    return found;
  }

  /** All rows of the ledger that is shown, page after page. */
  async rows() {
    await this.read();
    const more = this.button(this.t('past_more'));
    while (await more.isVisible()) {
      const before = await this.page.locator('tr[data-outcome]').count();
      await more.click();
      await eventually(async () => (await this.page.locator('tr[data-outcome]').count()) > before, 'another page');
    }
    return this.page.locator('tr[data-outcome]').evaluateAll((all) => all.map(({ dataset }) => dataset.outcome));
  }

  async download(button) {
    const [file] = await Promise.all([this.page.waitForEvent('download'), button.click()]);
    const kept = join(PATROL_SHOTS, file.suggestedFilename());
    await file.saveAs(kept);
    return { name: file.suggestedFilename(), content: readFileSync(kept) };
  }

  async picture(name) {
    if (!PATROL_SCREENS || !name) return;
    // A map is much to look at, and a page of pictures not to be long in coming.
    if (name.endsWith('map')) {
      await this.page.setViewportSize({ width: 960, height: 680 });
      await this.page.locator('#figures-map-title').evaluate((title) => title.scrollIntoView());
      await this.button(this.t('whole_area')).last().click();
    }
    await this.still();
    await this.page.screenshot({ path: join(PATROL_SCREENS, `${name}.png`) });
    await this.page.setViewportSize(SIZES.wide);
    assert.equal(await this.page.evaluate(() => document.body.scrollTop + document.scrollingElement.scrollTop), 0, 'the desk stands still');
  }

  /** Each tab as axe and a reader of this language see it, and in each size. */
  async everyTab(sizes) {
    const found = [];
    const add = (name, lines) => found.push(...lines.map((line) => `${name}: ${line}`));
    for (const name of TABS) {
      await this.tab(name);
      add(name, await complaints(this.page));
      add(name, await otherLanguage(this.page, PATROL_LANGUAGE));
      for (const size of sizes) {
        await this.page.setViewportSize(size);
        add(`${name} at ${size.width}`, await cutOff(this.page));
        await this.shot(`${name}-${PATROL_LANGUAGE}-${size.width}`);
      }
      await this.page.setViewportSize(SIZES.wide);
      await this.picture(PICTURES[PATROL_LANGUAGE][name]);
    }
    assert.deepEqual(found, []);
  }
}

const scenarios = {
  async signing(desk) {
    const { page } = desk;
    await desk.open();
    const all = await desk.sums();
    assert.ok(all.late > 10 && all.excluded > 10);

    // A target: missed, reached or not to be told, by a word.
    await desk.button(desk.t('figures_target_set')).click();
    await page.locator('.target input').fill('97');
    await desk.press('Enter');
    await desk.see('[data-verdict=missed], [data-verdict=open]');
    await desk.read();

    // From a bar to its ledger to an incident and back, by keys alone.
    await page.locator('#figures-tab-overview').focus();
    await desk.tabTo("(one) => one.classList.contains('chart')", 'a chart');
    await desk.press('ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp');
    const said = await page.locator('.chart:focus [aria-live]').innerText();
    assert.match(said, /南門.*%.*n \d+/s);
    await desk.press('Enter');
    await desk.see('main[data-statistics=ledger]');
    await desk.see('[data-chip=station]');
    await desk.read();
    const station = await desk.sums();
    assert.equal(station.within + station.late, number(said.match(/n [\d,]+/)[0]), 'the bar and its ledger');
    await desk.tabTo("(one) => one.closest('tbody th') !== null", 'a row');
    const row = await desk.focused('(one) => one.textContent');
    await desk.press('Enter');
    await desk.see('[data-incident-page] header');
    await page.goBack();
    await eventually(() => desk.focused(`(one) => one.textContent === ${JSON.stringify(row)}`), 'the row that was left');

    // The ledger: each outcome has as many rows as the sum says; the file is all of it, and its hash is its own.
    await page.locator('[data-chip=station]').click();
    await desk.read();
    for (const outcome of ['late', 'excluded']) {
      await page.locator(`#figures-panel [data-sum=${outcome}]`).click();
      const others = page.locator(`tr[data-outcome]:not([data-outcome=${outcome}])`);
      await eventually(async () => (await others.count()) === 0, outcome);
      assert.equal((await desk.rows()).length, all[outcome]);
    }
    const ledger = await desk.download(desk.button(desk.t('figures_ledger_csv')));
    assert.deepEqual([...ledger.content.subarray(0, 3)], [0xef, 0xbb, 0xbf], 'a byte order mark');
    assert.equal(linesOf(ledger.content).length, 1 + all.incidents);
    await desk.see('.sha code');
    assert.equal(await page.locator('.sha code').innerText(), createHash('sha256').update(ledger.content).digest('hex'));

    // A bin of the distribution and an hour of the week open what they count.
    await desk.tab('time');
    for (const [figure, place] of [['distribution', 14], ['distribution', 22]]) {
      const section = page.locator(`section[data-figure^=${figure}]`);
      await section.locator('summary').click();
      const line = section.locator('tbody tr').nth(place);
      const n = number(await line.locator('td').first().innerText());
      await line.locator('a').click();
      await desk.see('main[data-statistics=ledger]');
      assert.equal((await desk.rows()).length, n, `${figure} ${place}`);
      await page.goBack();
      await desk.see('main[data-statistics=time]');
      await desk.read();
    }
    const days = page.locator('section[data-figure^=day]');
    const table = await desk.download(days.getByRole('button', { name: /^CSV/ }));
    const counted = linesOf(table.content).slice(1).map((line) => Number(line.split(',')[1]));
    assert.equal(counted.reduce((sum, n) => sum + n, 0), all.incidents, 'the days and the whole');
    const png = await desk.download(days.getByRole('button', { name: /^PNG/ }));
    assert.equal(png.content.subarray(1, 4).toString(), 'PNG');
    const svg = await desk.download(days.getByRole('button', { name: /^SVG/ }));
    assert.match(svg.content.toString('utf8'), /^<svg[^>]*>.*十分鐘到場率/s);

    // A review: both witnesses, a reason, and the figure before and after.
    await desk.tab('reviews');
    const first = page.locator('article[data-review]').first();
    const reviewed = await first.getAttribute('data-review');
    assert.equal(await first.locator('tbody td').filter({ hasText: /^\d\d:\d\d:\d\d$/ }).count(), 4, 'button, GPS, recorded, counts');
    await first.getByRole('button').click();
    await page.getByRole('radio', { name: desk.t('ruling_not_reached') }).check();
    await page.locator('article[data-review] textarea').fill('現場監視器沒有看到警車');
    await desk.picture('statistics-review');
    await desk.button(desk.t('review_keep')).click();
    await desk.sees(desk.t('review_kept').replace('{number}', reviewed));
    await desk.tab('overview');
    assert.match(await page.locator('.review').innerText(), /複核前 [\d.]+ %.*複核後 [\d.]+ %/);
    const after = await desk.sums();
    assert.deepEqual([after.within, after.late], [all.within - 1, all.late + 1]);
    await page.locator('.review a').click();
    await desk.see('tr[data-outcome=late]');
    assert.match(await page.locator('tr[data-outcome=late] td').nth(4).innerText(), /複核前/);

    await desk.tab('overview');
    await page.locator('.chart').last().scrollIntoViewIfNeeded();
    await desk.picture('statistics-months');
    await desk.everyTab([]);
    await desk.tab('overview');
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.getByRole('form').first().isHidden(), 'paper has no filter');
    assert.ok(await page.locator('.signature').isVisible(), 'paper has a line to sign on');
    await desk.shot('print', true);
    await page.emulateMedia({ media: 'screen' });
  },

  async link(desk) {
    const { page } = desk;
    // Figures that are still being computed say so, and come by themselves.
    let refused = 0;
    await page.route('**/api/v1/kpi/parts?*', async (route) => {
      refused += 1;
      if (refused > 1) return route.continue();
      const body = JSON.stringify({ code: 'figures_in_preparation', detail: '', errors: [] });
      return route.fulfill({ status: 503, contentType: 'application/problem+json', body });
    });
    const days = { first: '2025-01-01', last: new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10) };
    const asked = new URLSearchParams({ tab: 'overview', ...days, clock: 'dispatched', group: 'weekday', station: '後湖', shift: 'day' });
    asked.append('shift', 'evening');
    await desk.begin(PATROL_LANGUAGE);
    await desk.signIn();
    await desk.see('header nav a');
    await desk.goTo(`statistics/${encodeURIComponent(asked)}`);
    await desk.sees(desk.t('failure_figures_in_preparation'));
    await page.getByText(desk.t('failure_figures_in_preparation')).waitFor({ state: 'detached' });
    await desk.read();
    const seen = await desk.sums();

    await page.reload();
    await desk.see('main[data-statistics]');
    await desk.read();
    assert.deepEqual(await desk.sums(), seen, 'the same after a reload');
    assert.equal(await page.locator('[data-chip]').count(), 3);
    await page.locator('[data-chip=shift]').first().click();
    await desk.read();
    assert.equal(await page.locator('[data-chip]').count(), 2);
    assert.ok((await desk.sums()).incidents < seen.incidents);
    await desk.button(desk.t('figures_clear')).click();
    await desk.read();
    assert.ok((await desk.sums()).incidents > seen.incidents);
    // A filter is set by keys.
    await page.getByRole('button', { name: desk.t('group_priority') }).focus();
    await desk.press('Enter', 'Tab', 'Space');
    await desk.see('[data-chip=priority]');
    await desk.press('Escape');
    await desk.read();
    await desk.button(desk.t('figures_clear')).click();

    await desk.everyTab([TWICE, SIZES.tablet]);
    await desk.tab('overview');
    await page.setViewportSize(WALL);
    assert.deepEqual(await cutOff(page), []);
    await page.setViewportSize(SIZES.wide);
    await desk.tab('reviews');
    assert.equal(await desk.button(desk.t('review_rule')).count(), 0, 'an auditor rules nothing');
    await desk.tab('overview');
    assert.equal(await desk.button(desk.t('figures_target_change')).count(), 0, 'and sets no target');
  },
};

await play(scenarios, { kind: Manager, refusals: [401, 503] });
