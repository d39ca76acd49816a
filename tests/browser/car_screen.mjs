// The car's screen in a real Chromium: node car_screen.mjs SCENARIO. What happens outside of it is wished for by lines.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CarDesk, HOLD_MS } from './car_desk.mjs';
import { looks } from './car_looks.mjs';
import { eventually, play } from './chromium.mjs';
import { ask } from './visitor.mjs';

const { PATROL_CODE_FILE } = process.env;

/** Opens the page with the link up and no job. */
async function ready(car) {
  await car.open();
  await car.see('[data-link=connected]');
  await car.see('[data-job=none]');
}

const scenarios = {
  async job(car) {
    await ready(car);
    await ask('accident');
    await car.see('[data-new-job]');
    assert.match(await car.text('[data-new-job]'), /文化街 12 號前/);
    await eventually(async () => (await car.heard()).tones.filter(({ shape }) => shape === 'square').length >= 12, 'the alarm again and again');
    const { spoken } = await car.heard();
    assert.deepEqual(spoken[0], { words: '新任務，優先1，交通事故，文化街 12 號前', lang: 'zh-TW' });
    await car.shot('new-job');

    await car.press('[data-new-job-seen]');
    await car.gone('[data-new-job]');
    const before = (await car.heard()).tones.length;
    await car.page.waitForTimeout(2_500);
    assert.equal((await car.heard()).tones.length, before, 'it still sounds');
    await car.page.reload();
    await car.see('[data-job][data-step=none]');
    assert.equal(await car.count('[data-new-job]'), 0, 'told again after a reload');

    assert.match(await car.text('.clock'), /剩餘\s*[89]:\d\d/);
    assert.match(await car.text('[data-distance]'), /km|m/);
    assert.match(await car.text('[data-job]'), /騎士倒地，意識清楚/);
    await car.see('[data-map=drawn]');
    await car.see('.job-mark.urgent');
    await car.see('.car-mark');
    await car.press('[data-press=acknowledged]');
    await car.see('[data-undo=acknowledged]');
    await car.see('[data-step=acknowledged]');
    await car.shot('undo');
    await car.gone('[data-undo]');
    await car.acknowledged(1);

    await car.press('[data-press=en_route]');
    await car.see('[data-step=en_route]');
    await car.press('[data-undo] button');
    await car.see('[data-step=acknowledged]');
    await car.page.waitForTimeout(5_500);
    assert.equal(await car.attribute('[data-job]', 'data-step'), 'acknowledged', 'what was undone came all the same');
    await car.press('[data-press=en_route]');
    await car.see('[data-step=en_route]');

    await ask('on the way');
    await car.press('[data-map-turn]');
    await car.see('[data-heading-up=true][data-following=true]');
    assert.equal(await car.count('[data-proposal]'), 0);
    await ask('to the scene');
    await car.see('[data-proposal]');
    await car.shot('proposal');
    await car.press('[data-proposal] button');
    await car.see('[data-step=on_scene]');
    await car.see('[data-check-in]');
    await car.press('[data-check-in]');

    await car.press('[data-press=cleared]');
    await car.see('dialog [data-choice=car_outcome_handed_over]');
    await car.press('[data-back]');
    assert.equal(await car.attribute('[data-job]', 'data-step'), 'on_scene', 'going back ended the job');
    await car.press('[data-press=cleared]');
    await car.press('[data-choice=car_outcome_handed_over]');
    await car.see('[data-job=none]');
    await car.acknowledged(5);
    await ask('notice');
    await car.see('[data-news=warning]');
    await car.press('[data-open-notices]');
    await car.press('[data-notice] button');
    await car.see('[data-notice][data-read=true]');
    await car.press('[data-back]');
    await car.gone('[data-news=warning]');
  },

  async offline(car) {
    await ready(car);
    await ask('service');
    await car.press('[data-new-job-seen]');
    assert.ok((await car.heard()).tones.every(({ shape }) => shape === 'triangle'), 'a calm job sounds like an urgent one');
    await ask('cut');
    await car.see('[data-link]:not([data-link=connected])');
    await car.press('[data-press=acknowledged]');
    await car.see('[data-step=acknowledged]');
    await car.press('[data-press=en_route]');
    await car.see('[data-step=en_route]');
    await car.gone('[data-undo]');
    assert.match(await car.text('[data-presses-waiting]'), /2/);
    await car.press('[data-open-presses]');
    assert.deepEqual(await car.texts('[data-press-phase] .phase'), ['等待連線', '等待連線'].concat((await car.texts('[data-press-phase] .phase')).slice(2)));
    await car.shot('offline-presses');
    await car.press('[data-back]');

    await car.hold('[data-sos]', HOLD_MS * 0.5);
    assert.equal(await car.attribute('[data-sos]', 'data-sos'), 'false', 'a short touch is an SOS');
    await ask('no fix');
    await car.see('[data-fix=false]');
    await car.hold('[data-sos]', HOLD_MS + 300);
    await car.see('[data-sos=true]');
    await car.see('[data-sos-phase=queued]');
    assert.match(await car.text('[data-sos-phase]'), /一有連線立刻送出.*無線電說明位置/s);
    await car.shot('offline-sos');
    await ask('mend');
    await car.see('[data-sos-phase=acknowledged]');
    await ask('fix');
    await car.holdKey('[data-sos]', 'Space', HOLD_MS * 0.5);
    assert.equal(await car.attribute('[data-sos]', 'data-sos'), 'true');
    await car.holdKey('[data-sos]', 'Space', HOLD_MS + 300);
    await car.see('[data-sos=false]');
    await car.acknowledged(4);

    await car.press('[data-duty=available]');
    await car.press('[data-choice=meal]');
    await car.see('[data-duty=away]');
    assert.match(await car.text('[data-duty]'), /用餐/);
    await car.press('[data-duty=away]');
    await car.see('[data-duty=available]');
    await ask('end calls');
    await car.see('[data-news^=ended]');
    await car.press('[data-news^=ended] button');
  },

  async dying(car) {
    await ready(car);
    await ask('service');
    await car.press('[data-new-job-seen]');
    await car.press('[data-press=acknowledged]');
    await car.see('[data-undo=acknowledged]');
    await ask('kill the agent');
    await car.see('header [role=alert]');
    await car.press('[data-press=en_route]');
    await car.see('[data-failure=no_agent]');
    await ask('start the agent');
    await car.gone('header [role=alert]');
    await car.see('[data-step=acknowledged]');
    await car.see('[data-link=connected]');
    await eventually(async () => (await car.phases()).at(0) === 'acknowledged', 'the press is acknowledged');
  },

  async gps_arrival(car) {
    await ready(car);
    await ask('accident');
    await car.press('[data-new-job-received]');
    await car.see('[data-step=acknowledged]');
    await ask('on the way');
    await car.page.waitForTimeout(3_000);
    await ask('to the scene');
    await car.see('[data-arrived=gps]');
    assert.match(await car.text('[data-arrived]'), /系統已依 GPS 記到達 \d\d:\d\d/);
    assert.equal(await car.attribute('[data-clock]', 'data-clock'), 'arrived');
    assert.equal(await car.count('[data-proposal]'), 0, 'it asks for what is on record');
    await car.shot('gps-arrival');
  },

  async troubles(car) {
    await ready(car);
    await ask('no fix');
    await car.see('[data-trouble=no_fix], [data-trouble=no_receiver]');
    await ask('fix');
    await car.gone('[data-trouble=no_fix], [data-trouble=no_receiver]');
    await ask('revoke');
    await car.see('[data-trouble=token_refused]');
    assert.match(await car.text('[data-trouble=token_refused]'), /登錄碼/);
    await car.page.locator('#enrol-code').fill('AAAA-AAAA');
    await car.press('[data-enrol] button');
    await car.see('[data-failure=bad_code]');
    await car.shot('no-token');
    await ask('code');
    await car.page.locator('#enrol-code').fill(readFileSync(PATROL_CODE_FILE, 'utf8').trim());
    await car.press('[data-enrol] button');
    await car.gone('[data-trouble=token_refused]');
    await car.see('[data-link=connected]');
  },

  looks,

  async alone(car) {
    await car.open();
    await car.see('[data-job=none]');
    await car.see('[data-map=none]');
    assert.notEqual(await car.attribute('[data-link]', 'data-link'), 'connected');
    await car.hold('[data-sos]', HOLD_MS + 300);
    await car.see('[data-sos-phase=queued]');
    await car.press('[data-duty=available]');
    await car.press('[data-choice=refuel]');
    await car.see('[data-duty=away]');
    assert.equal(await car.text('[data-presses-waiting]'), '待送 2');
    const faces = await car.page.evaluate(() => [...document.fonts].filter(({ status }) => status === 'loaded').length);
    assert.ok(faces > 3, `only ${faces} pieces of the font came`);
    await car.shot('alone');
  },
};

// The agent is killed on purpose, codes are wrong on purpose, and streets are not there yet.
await play(scenarios, { kind: CarDesk, refusals: [404, 422] });
