// An officer's page at /car in a real Chromium, with the network cut in between: node officer_pwa.mjs SCENARIO.
// What was pressed, and when, is written to presses.json for the test to compare with the database.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, PATIENCE_MS, play } from './chromium.mjs';
import { Officer, TABLET, withoutTls } from './officer_desk.mjs';
import { ask } from './visitor.mjs';

const { PATROL_SHOTS, PATROL_LANGUAGE = 'zh-TW', PATROL_OTHER } = process.env;

const scenarios = {
  /** A job from the order to its end, most of it without a network, with a reload in the dark. */
  async job(officer) {
    await officer.start();
    await officer.signIn();
    await officer.chooseUnit();
    await officer.onDuty();
    await officer.kept();
    await ask('call');
    await officer.see('[data-new-job]');
    await officer.shot('new-job');
    await officer.press('acknowledged', '[data-new-job-received]');
    await officer.letGo();
    await eventually(async () => (await ask('acknowledged'), true), 'the first step');

    await officer.offline(true);
    await officer.press('en_route', '[data-press=en_route]');
    await officer.see('[data-trouble=old_state]');
    await officer.shot('offline');
    // Held back when the page goes away: taken up by the next start, with its own time.
    await officer.page.reload();
    await officer.see('[data-phase=on_duty]');
    await officer.stepIs('on_scene');
    await officer.see('[data-trouble=old_state]');
    await officer.page.waitForTimeout(1_500);
    await officer.press('on_scene', '[data-press=on_scene]');
    await officer.sos();
    await officer.page.waitForTimeout(1_500);
    await officer.clear();
    await officer.letGo();
    await officer.shot('offline-done');
    await officer.page.reload();
    await officer.see('[data-phase=on_duty]');
    await officer.page.waitForTimeout(1_000);

    await officer.offline(false);
    await officer.see('[data-link=connected]');
    await ask('all');
    await officer.gone('[data-press=cleared]');
    await officer.shot('done');
    writeFileSync(join(PATROL_SHOTS, 'presses.json'), JSON.stringify(officer.presses));
  },

  /** A press is taken back while it is held; another officer is asked for the unit; the session ends and comes back. */
  async people(officer) {
    await officer.start();
    await officer.signIn('nobody');
    await officer.see('[data-sign-in] [role=alert]:not(:empty)');
    await officer.page.locator('#username').fill('');
    await officer.signIn();
    await officer.chooseUnit(PATROL_OTHER);
    await officer.see('[data-take-over]');
    await officer.page.locator('[data-take-over]').click();
    await officer.onDuty();
    await officer.offline(true);
    await officer.see('[data-trouble=old_state]');
    await officer.page.locator('[data-sign-out]').click();
    await officer.see('nav [role=alert]:not(:empty)');
    await officer.offline(false);
    await officer.see('[data-link=connected]');
    await ask('expire');
    await officer.see('[data-expired=true] [data-sign-in]');
    await officer.see('[data-link=refused]');
    await officer.page.locator('#password').fill(process.env.PATROL_PASSWORD);
    await officer.page.keyboard.press('Enter');
    await officer.see('[data-expired=false]');
    await officer.see('[data-link=connected]');
    await ask('take back');
    await officer.see('[data-phase=no_unit]');
    await officer.page.locator('[data-sign-out]').click();
    await officer.see('[data-phase=signed_out]');
    const { kept, ...others } = await officer.stores();
    assert.deepEqual(others, { journals: [], outbox: [], presses: [] });
    assert.deepEqual(kept.filter((name) => !['streets', 'clock'].includes(name)), []);
  },

  /** Each state of the page as axe sees it, and nothing cut off. */
  async axe(officer) {
    const found = [];
    const look = async (state) => found.push(...(await officer.wrong(state)));
    await officer.start();
    await look('sign-in');
    await officer.signIn();
    await officer.see('[data-unit]');
    await look('units');
    await officer.chooseUnit(PATROL_OTHER);
    await officer.see('[data-take-over]');
    await look('take-over');
    await officer.page.locator('[data-back]').click();
    await officer.chooseUnit();
    await officer.onDuty();
    await look('on-duty');
    await officer.offline(true);
    await officer.see('[data-trouble=old_state]');
    await look('offline');
    await officer.offline(false);
    await officer.see('[data-link=connected]');
    await ask('expire');
    await officer.see('[data-expired=true] [data-sign-in]');
    await look('expired');
    assert.deepEqual(found, []);
  },

  /** A tablet without TLS: a job by day and by night, a press that is taken back, and pressed again. */
  async tablet(officer) {
    const found = [];
    await officer.page.addInitScript(withoutTls);
    await officer.start(PATROL_LANGUAGE, TABLET);
    await officer.signIn();
    await officer.chooseUnit();
    await officer.onDuty();
    await ask('call');
    await officer.see('[data-new-job]');
    found.push(...(await officer.wrong('tablet-new-job')));
    await officer.press('acknowledged', '[data-new-job-received]');
    await officer.see('[data-undo=acknowledged]');
    await officer.press('undone', '[data-undo] button');
    await officer.gone('[data-undo]');
    await officer.stepIs('acknowledged');
    found.push(...(await officer.wrong('tablet-job-day')));
    await officer.night();
    await officer.see('html[data-theme=night] [data-press]');
    found.push(...(await officer.wrong('tablet-job-night')));
    await officer.press('acknowledged', '[data-press=acknowledged]');
    await ask('acknowledged');
    assert.deepEqual(found, []);
  },

  /** A new build comes while a press waits: it takes over at a start, and nothing that waits is lost. */
  async update(officer) {
    const buildIs = (build, timeout = PATIENCE_MS) =>
      officer.page.locator(`html[data-build="${build}"]`).waitFor({ timeout });
    await officer.start();
    await officer.signIn();
    await officer.chooseUnit();
    await officer.onDuty();
    await officer.kept();
    await ask('cut');
    await officer.calm();
    await officer.sos();
    await officer.see('[data-sos-phase=queued]');
    await ask('new build');
    await officer.page.reload();
    await buildIs(1);
    const waits = () => officer.page.evaluate(async () => !!(await navigator.serviceWorker.getRegistration('/car')).waiting);
    await eventually(waits, 'the new build beside the old one', 60_000);
    await officer.page.reload();
    // The browser may put the new worker in place by itself, between the two pages, or let it wait for a request that is
    // still under way: then a later start has it.
    await eventually(async () => {
      if (await buildIs(2, 20_000).then(() => true, () => false)) return true;
      await officer.page.reload();
      return false;
    }, 'the new build at one of the next starts');
    await officer.see('[data-sos-phase=queued]');
    await ask('mend');
    await officer.see('[data-sos-phase=acknowledged]');
  },
};

await play(scenarios, { kind: Officer, refusals: [401, 403, 404, 409, 502] });
