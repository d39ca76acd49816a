// Drives a real Chromium through the page of figures, one scenario a run: node statistics.mjs SCENARIO. With
// PATROL_SCREENS its pictures of docs/console.md are written there.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { eventually, PATIENCE_MS, play, SIZES } from './chromium.mjs';
import { complaints, cutOff } from './looking.mjs';
import { linesOf, Manager, number } from './manager.mjs';

const { PATROL_LANGUAGE } = process.env;
/** 1280 x 720 with letters twice as large. */
const TWICE = { width: 640, height: 360 };
const WALL = { width: 3840, height: 2160 };

const scenarios = {
  async signing(desk) {
    const { page } = desk;
    await desk.open();
    const all = await desk.sums();
    assert.ok(all.late > 10 && all.excluded > 10);

    // n of either clock and of a part, the measured of a group, and each reason of the late, open exactly those.
    const clocks = page.locator('section[aria-labelledby=figures-clocks] tbody tr');
    for (const place of [0, 1]) await desk.opensAsMany(clocks.nth(2).locator('td').nth(place).locator('a'), `n of clock ${place}`);
    await desk.opensAsMany(page.locator('section[aria-labelledby=figures-parts] tbody tr').last().locator('td').nth(3).locator('a'), 'n of travel');
    const byStation = page.locator('section[data-figure^=station]');
    await byStation.locator('summary').click();
    await desk.opensAsMany(byStation.locator('tbody tr').first().locator('td').nth(1).locator('a'), 'measured of a station');
    const why = page.locator('section[data-figure^=why-late]');
    const reasons = await why.locator('tbody tr').count();
    assert.ok(reasons > 1);
    let told = 0;
    for (let place = 0; place < reasons; place += 1) {
      await why.locator('summary').click();
      told += await desk.opensAsMany(why.locator('tbody tr').nth(place).locator('td').first().locator('a'), `reason ${place}`);
    }
    assert.equal(told, all.late, 'each late one has one reason');
    await why.locator('summary').click();
    const saved = why.locator('tbody td:nth-of-type(3) a').first();
    await desk.opensAsMany(saved, 'in time with the nearest unit');

    // A target: missed, reached or not to be told, by a word.
    await desk.button(desk.t('figures_target_set')).click();
    await page.locator('.target input').fill('97');
    await desk.press('Enter');
    await desk.see('[data-verdict=missed], [data-verdict=open]');
    await desk.read();
    await page.locator('.target summary').click();
    assert.match(await page.locator('.target li').first().innerText(), /chief.*97\.0 %/, 'who set it');

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
    const rows = await desk.download(desk.button(desk.t('figures_ledger_csv')));
    assert.equal(linesOf(rows.content).length, 1 + all.excluded, 'the file of the rows that are shown');
    await page.locator('#figures-panel [data-sum=incidents]').click();
    await desk.read();
    const ledger = await desk.download(desk.button(desk.t('figures_ledger_csv')));
    assert.deepEqual([...ledger.content.subarray(0, 3)], [0xef, 0xbb, 0xbf], 'a byte order mark');
    assert.equal(linesOf(ledger.content).length, 1 + all.incidents);
    const hash = createHash('sha256').update(ledger.content).digest('hex');
    await eventually(async () => (await page.locator('.sha code').innerText()) === hash, 'the hash of the file');

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
    // In the week down is the next day, and nothing lies above Monday.
    const week = page.locator('section[data-figure^=weekday-hour]');
    await week.locator('.chart').focus();
    for (const [key, day] of [['ArrowDown', '週一'], ['ArrowUp', '週一'], ['ArrowDown', '週二'], ['ArrowDown', '週三'], ['ArrowUp', '週二']]) {
      await desk.press(key);
      await eventually(async () => (await week.locator('[aria-live]').innerText()).startsWith(`${day} 00–01`), `${key}: ${day}`);
    }
    const hours = linesOf((await desk.download(week.getByRole('button', { name: /^CSV/ }))).content);
    assert.equal(hours.length, 1 + 7 * 24, 'a line for each hour of the week');
    assert.equal(hours.slice(1).reduce((sum, line) => sum + Number(line.split(',')[2]), 0), all.incidents, 'the hours and the whole');
    const days = page.locator('section[data-figure^=day]');
    const table = await desk.download(days.getByRole('button', { name: /^CSV/ }));
    const counted = linesOf(table.content).slice(1).map((line) => Number(line.split(',')[1]));
    assert.equal(counted.reduce((sum, n) => sum + n, 0), all.incidents, 'the days and the whole');
    const png = await desk.download(days.getByRole('button', { name: /^PNG/ }));
    assert.equal(png.content.subarray(1, 4).toString(), 'PNG');
    const svg = await desk.download(days.getByRole('button', { name: /^SVG/ }));
    assert.match(svg.content.toString('utf8'), /^<svg[^>]*>.*十分鐘到場率.*計時起點：接獲報案/s);
    await desk.tab('map');
    const map = await desk.download(page.locator('.picture'));
    assert.match(map.name, /^hexagons-share-.*-received-reviewed\.png$/);
    assert.equal(map.content.subarray(1, 4).toString(), 'PNG');
    const coloured = await page.evaluate(async (bytes) => {
      const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: 'image/png' }));
      const brush = new OffscreenCanvas(image.width, image.height).getContext('2d');
      brush.drawImage(image, 0, 0);
      const { data } = brush.getImageData(0, Math.round(image.height / 4), image.width, Math.round(image.height / 2));
      let found = 0;
      for (let at = 0; at < data.length; at += 4) found += Math.max(data[at], data[at + 1], data[at + 2]) > 100 ? 1 : 0;
      return found / (data.length / 4);
    }, [...map.content]);
    assert.ok(coloured > 0.05, `hexagons fill ${coloured} of the picture`);

    // What waits for review is of what is asked for, as every figure is.
    await desk.tab('reviews');
    const waiting = page.locator('article[data-review]');
    await waiting.first().waitFor({ timeout: PATIENCE_MS });
    const every = await waiting.count();
    const [answer] = await Promise.all([
      page.waitForResponse((one) => /kpi\/reviews\?.*priority=4/.test(one.url()), { timeout: PATIENCE_MS }),
      page.evaluate(() => (location.hash += '&priority=4')),
    ]);
    const { items } = await answer.json();
    assert.ok(items.length < every && items.every(({ priority }) => priority === 4), JSON.stringify(items.map(({ priority }) => priority)));
    await eventually(async () => (await waiting.count()) === items.length, 'only those of priority 4');
    await page.locator('[data-chip=priority]').click();
    await eventually(async () => (await waiting.count()) === every, 'all of them again');

    // A review: both witnesses, a reason, and the figure before and after.
    const gaveUp = desk.t('mark_cancelled_late');
    const first = page.locator('article[data-review]').filter({ hasNotText: gaveUp }).first();
    const reviewed = await first.getAttribute('data-review');
    assert.equal(await first.locator('tbody td').filter({ hasText: /^\d\d:\d\d:\d\d$/ }).count(), 4, 'button, GPS, recorded, counts');
    await first.getByRole('button').click();
    await page.getByRole('radio', { name: desk.t('ruling_not_reached') }).check();
    await page.locator('article[data-review] textarea').fill('現場監視器沒有看到警車');
    await desk.picture('statistics-review');
    await desk.button(desk.t('review_keep')).click();
    await desk.sees(desk.t('review_kept').replace('{number}', reviewed));
    // Whoever ruled goes on at the next case; those that are done stay in sight through a reload.
    const ruledOn = page.locator(`article[data-review="${reviewed}"]`);
    await ruledOn.waitFor({ state: 'detached', timeout: PATIENCE_MS });
    await eventually(() => desk.focused("(one) => one.closest('article[data-review]') !== null"), 'the next case');
    // A call that was taken back when it was late already: that it is left out has to be said.
    const cancelled = page.locator('article[data-review]').filter({ hasText: gaveUp }).first();
    const takenBack = page.locator(`article[data-review="${await cancelled.getAttribute('data-review')}"]`);
    await takenBack.getByRole('button').click();
    assert.ok(await takenBack.getByRole('radio', { name: desk.t('ruling_excluded') }).isChecked());
    assert.deepEqual(await takenBack.locator('option').allInnerTexts().then((all) => all.filter((one) => one === desk.t('excluded_cancelled'))), [desk.t('excluded_cancelled')]);
    await takenBack.locator('textarea').fill('報案人來電說已自行處理');
    await desk.button(desk.t('review_keep')).click();
    await takenBack.waitFor({ state: 'detached', timeout: PATIENCE_MS });
    await desk.button(desk.t('review_done')).click();
    await ruledOn.waitFor({ timeout: PATIENCE_MS });
    await takenBack.waitFor({ timeout: PATIENCE_MS });
    await page.reload();
    await ruledOn.waitFor({ timeout: PATIENCE_MS });
    assert.equal(await desk.button(desk.t('review_done')).getAttribute('aria-pressed'), 'true');
    await desk.tab('overview');
    assert.match(await page.locator('.review').innerText(), /複核前 [\d.]+ %.*複核後 [\d.]+ %/);
    const after = await desk.sums();
    assert.deepEqual([after.within, after.late], [all.within - 1, all.late + 1]);
    await page.locator('.review a').click();
    await desk.see('tr[data-outcome=late]');
    assert.match(await page.locator('tr[data-outcome=late] td').nth(4).innerText(), /複核前/);

    // A ruling begins at a row of the ledger as well; a time before the call is no arrival of the next day.
    await page.locator('tr[data-outcome=late] th a').nth(2).click();
    await desk.see('[data-incident-page] article[data-review]');
    await page.getByRole('radio', { name: desk.t('ruling_corrected') }).check();
    const called = (await page.locator('article[data-review] header').innerText()).match(/(\d\d):(\d\d):\d\d/);
    const arrival = page.locator('article[data-review] input[type=time]');
    const minutes = Number(called[1]) * 60 + Number(called[2]);
    const clock = (at) => [Math.floor(at / 60) % 24, at % 60].map((one) => String(one).padStart(2, '0')).join(':');
    if (minutes > 0) {
      await arrival.fill(clock(minutes - 1));
      await desk.see('article[data-review] p.error-text');
    }
    await arrival.fill(clock(minutes + 9));
    await eventually(async () => /到達時間 [89]:\d\d/.test(await page.locator('article[data-review] form').innerText()), 'the response that comes of it');
    await desk.shot('ruling');
    // Somebody who was not sent, on the day after: it is said how long that was.
    await page.locator('article[data-review] form select').selectOption({ label: desk.t('review_unsent') });
    const choices = await page.locator('article[data-review] input[type=radio]').evaluateAll((all) => all.map(({ value }) => value));
    assert.deepEqual(choices, ['corrected', 'excluded']);
    const day = page.locator('article[data-review] input[type=date]');
    const called_on = await day.inputValue();
    await day.fill(new Date(Date.parse(called_on) + 86_400_000).toISOString().slice(0, 10));
    await eventually(async () => /到達時間 24:0[89]:\d\d/.test(await page.locator('article[data-review] form').innerText()), 'a day later');
    await page.goBack();
    await desk.see('main[data-statistics=ledger]');

    // Behind a figure of ETAs are its journeys, behind each its incident.
    await desk.tab('etas');
    const etas = page.locator('section[data-figure^=etas]');
    await etas.locator('summary').click();
    const few = etas.locator('tbody tr').filter({ hasText: desk.t('figures_few').replace('{few}', '20') });
    const link = etas.locator('tbody tr').first().locator('td a').first();
    const journeys = number(await link.innerText());
    assert.equal(await few.count() > 0, (await etas.locator('tbody tr td:first-of-type').allInnerTexts()).some((n) => number(n) < 20), 'few are said to be few');
    await link.click();
    await eventually(async () => (await page.locator('[data-journey]').count()) === Math.min(journeys, 100), 'the journeys of an hour');

    // A report: asked for once, its five files, each hash whole.
    await desk.tab('reports');
    const make = desk.button(desk.t('report_make'));
    await make.click();
    await make.click({ force: true, timeout: 1000 }).catch(() => undefined);
    await desk.see('tbody .files button');
    await eventually(() => make.isEnabled(), 'made');
    assert.equal(await page.locator('tbody tr').count(), 1, 'one report of two clicks');
    assert.equal(await page.locator('tbody .files button').count(), 5);
    await page.locator('tbody summary').click();
    assert.deepEqual((await page.locator('tbody dd code').allInnerTexts()).map((hash) => /^[0-9a-f]{64}$/.test(hash)), Array(6).fill(true));
    const kept = await desk.download(page.locator('tbody .files button').filter({ hasText: desk.t('figures_ledger') }));
    const unpacked = gunzipSync(kept.content);
    assert.equal(createHash('sha256').update(unpacked).digest('hex'), await page.locator('tbody dd code').first().innerText(), 'its ledger has its hash');

    // How many wait for review is not known: nothing says that nothing does.
    await desk.tab('overview');
    await page.route('**/api/v1/kpi/reviews?*', (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"code":"internal"}' }));
    await desk.button(desk.t('reload')).click();
    await eventually(async () => (await page.locator('[data-unknown=reviews]').innerText()).includes(desk.t('failure_internal')), 'reviews are not known');
    assert.equal(await page.getByText(desk.t('figures_reviews_none')).count(), 0);
    await page.unroute('**/api/v1/kpi/reviews?*');
    await desk.button(desk.t('reload')).click();
    await page.locator('[data-unknown=reviews]').waitFor({ state: 'detached' });
    await desk.read();
    await page.locator('.chart').last().scrollIntoViewIfNeeded();
    await desk.picture('statistics-months');
    await desk.everyTab([SIZES.tablet, SIZES.wide]);
    await desk.tab('overview');
    await page.getByRole('button', { name: desk.t('group_priority') }).focus();
    await desk.press('Enter', 'Tab', 'Space', 'Escape');
    await desk.read();
    await desk.see('[data-chip=priority]');
    await page.emulateMedia({ media: 'print' });
    const question = await page.locator('[data-question]').innerText();
    assert.match(question, /計時起點：接獲報案 · 數字：複核後 · 優先(序|度|級)?.*：/, 'paper says what was filtered');
    assert.ok(await page.getByRole('form').first().isHidden(), 'paper has no filter');
    assert.ok(await page.locator('.signature').isVisible(), 'paper has a line to sign on');
    await desk.shot('print', true);
    await page.emulateMedia({ media: 'screen' });

    // The figures of ETAs are of the incidents that the filter leaves.
    await desk.tab('etas');
    const journeysOf = async () => Number((await page.locator('p.said').innerText()).match(/[\d,]+/)[0].replaceAll(',', ''));
    const chosen = await journeysOf();
    await desk.button(desk.t('figures_clear')).click();
    await desk.read();
    assert.ok(chosen > 0 && chosen < (await journeysOf()), 'fewer journeys under a filter');
  },

  async link(desk) {
    const { page } = desk;
    // Figures that are still being computed say so, and come by themselves.
    let refuses = true;
    await page.route('**/api/v1/kpi/parts?*', async (route) => {
      if (!refuses) return route.continue();
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
    refuses = false;
    await page.getByText(desk.t('failure_figures_in_preparation')).waitFor({ state: 'detached', timeout: PATIENCE_MS });
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
    await desk.read();

    // A year that is half typed asks for nothing.
    const asksOf = [];
    page.on('request', (request) => /\/kpi\?/.test(request.url()) && asksOf.push(new URL(request.url()).searchParams.get('from')));
    const first = page.locator('input[type=date]').first();
    await first.fill('0202-01-01');
    await first.fill('2025-01-02');
    await desk.read();
    assert.ok(asksOf.length && asksOf.every((from) => from.startsWith('2025-01-01T16')), `asked ${asksOf}`);

    // The server is away when the question changes: nothing of the old one is left under the new one.
    await desk.see('[data-share]');
    await page.route('**/api/v1/kpi**', (route) => route.abort());
    await page.locator('select').nth(1).selectOption('received');
    await desk.sees(desk.t('failure_no_answer'));
    assert.equal(await page.locator('[data-share], section[data-figure]').count(), 0, 'old figures under a new question');
    await desk.tabButton('ledger').click();
    await desk.sees(desk.t('failure_no_answer'));
    assert.equal(await page.locator('[data-sum], tr[data-outcome]').count(), 0);
    await page.unroute('**/api/v1/kpi**');
    await desk.see('tr[data-outcome]');
    await page.locator('select').nth(1).selectOption('dispatched');
    await desk.read();
    await desk.tab('overview');

    // A period without calls says so, everywhere.
    const days_ = page.locator('input[type=date]');
    await days_.nth(0).fill('2001-01-01');
    await days_.nth(1).fill('2001-01-02');
    await desk.read();
    await eventually(async () => (await desk.sums()).incidents === 0, 'nothing happened');
    for (const name of ['overview', 'time', 'map', 'ledger', 'reviews', 'etas']) {
      await desk.tab(name);
      assert.deepEqual(await complaints(page), [], `${name} of an empty period`);
      await desk.shot(`empty-${name}`);
    }
    await desk.tab('overview');
    await days_.nth(1).fill(days.last);
    await days_.nth(0).fill(days.first);
    await desk.read();

    await desk.everyTab([TWICE, SIZES.tablet, SIZES.wide]);
    await desk.tab('ledger');
    await page.setViewportSize(SIZES.tablet);
    const wider = await page.locator('.rows .wide').evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(wider <= 1, `the ledger is ${wider} px wider than a tablet`);
    await page.setViewportSize(SIZES.wide);
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

await play(scenarios, { kind: Manager, refusals: [401, 500, 503] });
