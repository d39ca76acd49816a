// A manager before the page of figures: goes from tab to tab, reads sums and rows, opens what is counted, takes files.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, SIZES } from './chromium.mjs';
import { complaints, cutOff, otherLanguage } from './looking.mjs';
import { PATIENCE_MS, Visitor } from './visitor.mjs';

const { PATROL_LANGUAGE, PATROL_SCREENS, PATROL_SHOTS } = process.env;
const TABS = ['overview', 'time', 'map', 'ledger', 'reviews', 'reports', 'etas'];
/** The pictures of docs/console.md, by tab. */
const PICTURES = {
  'zh-TW': { overview: 'statistics', time: 'statistics-hours', map: 'statistics-map', ledger: 'statistics-ledger', reports: 'statistics-reports' },
  en: { overview: 'statistics-in-english' },
};
const TABS_TO_A_CHART = 60;
export const number = (text) => Number(text.replaceAll(',', '').match(/\d+/)[0]);
export const linesOf = (content) => content.toString('utf8').trim().split('\r\n');

export class Manager extends Visitor {
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

  tabButton = (name) => this.page.locator(`#figures-tab-${name}`);

  async tab(name) {
    await this.tabButton(name).click();
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

  /** The link in a cell of a table opens as many rows as it says; then back. */
  async opensAsMany(link, what) {
    const tab = await this.page.locator('main[data-statistics]').getAttribute('data-statistics');
    const n = number(await link.innerText());
    await link.click();
    await this.see('main[data-statistics=ledger]');
    assert.equal((await this.rows()).length, n, what);
    await this.page.goBack();
    await this.see(`main[data-statistics=${tab}]`);
    await this.read();
    return n;
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
