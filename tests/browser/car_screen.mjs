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

/** What the agent may say is wrong, each as a sentence on the screen in both languages; those that the tests of the agent
 *  bring about with real disks and clocks as well (test_agent_troubles.py). */
async function everyTroubleInWords(car) {
  const written = readFileSync(new URL('../../vehicle_agent/troubles.py', import.meta.url), 'utf8');
  const codes = [...written.matchAll(/^ {4}[A-Z_]+ = "(\w+)"/gm)].map(([, code]) => code);
  for (const code of ['journal_memory', 'journal_readonly', 'journal_damaged', 'token_refused', 'clock_off']) assert.ok(codes.includes(code), code);
  const troubles = codes.map((code) => ({ code, since_ms: Date.now(), detail: 'SECRET DETAIL' }));
  for (const language of ['zh-TW', 'en']) {
    const texts = JSON.parse(readFileSync(new URL(`../../web/messages/${language}.json`, import.meta.url), 'utf8'));
    await car.page.evaluate((locale) => localStorage.setItem('patrol.language', locale), language);
    await car.pretend((state) => ({ ...state, troubles }));
    await car.see('[data-trouble]');
    assert.deepEqual(await car.texts('[data-trouble]'), codes.map((code) => texts[`car_trouble_${code}`]));
  }
  await car.page.evaluate(() => localStorage.setItem('patrol.language', 'zh-TW'));
}

const ORDER = {
  assignment_id: 'pretended',
  incident: { id: 'i', number: '1', category: 'service', priority: 1, summary: '測試', lat: 23.46, lon: 120.43, received_ms: Date.now(), address: '測試路 1 號' },
  arrive_by_ms: Date.now() + 600_000,
  step: null,
};

/** A hold of SOS is ended by nothing but the finger: not by an order that comes, not by a sheet that lies over it. */
async function holdsThroughAnything(car) {
  let orders = [];
  const calls = [];
  await car.pretend((state) => ({ ...state, orders }));
  await car.page.route('**/api/sos', async (route) => {
    calls.push(route.request().postDataJSON());
    await route.fulfill({ json: { seq: 1 } });
  });
  await car.see('[data-job=none]');
  const { x, y, width, height } = await car.box('footer [data-sos]');
  await car.page.mouse.move(x + width / 2, y + height / 2);
  await car.page.mouse.down();
  orders = [ORDER];
  await car.see('[data-job=pretended]');
  assert.deepEqual([calls.length, await car.count('[data-new-job]')], [0, 0], 'a sheet opened under the finger, or it came too late');
  await eventually(() => calls.length === 1, 'the SOS of the hold');
  await car.page.mouse.up();
  await car.see('[data-new-job]');
  await car.hold('dialog[open] [data-sos]', HOLD_MS + 300);
  await eventually(() => calls.length === 2, "the SOS of the new job's sheet");
  await car.press('[data-new-job-seen]');
  await car.press('[data-open-menu]');
  await car.hold('dialog[open] [data-sos]', HOLD_MS + 300);
  await eventually(() => calls.length === 3, "the SOS of a sheet");
  assert.deepEqual(calls, [{ active: true }, { active: true }, { active: true }]);
  await car.pretend(null);
}

/** What a finger touched is what it presses, whatever comes to lie under it before it lets go. */
async function pressesWhatWasTouched(car) {
  const steps = [];
  await car.pretend((state) => ({ ...state, orders: [{ ...ORDER, assignment_id: 'touched' }] }));
  await car.page.route('**/api/step', async (route) => {
    steps.push(route.request().postDataJSON().status);
    await route.fulfill({ json: { seq: 1 } });
  });
  await car.press('[data-new-job-seen]');
  await car.calm();
  const { x, y, width, height } = await car.box('[data-press=acknowledged]');
  const finger = await car.page.context().newCDPSession(car.page);
  await finger.send('Emulation.setTouchEmulationEnabled', { enabled: true });
  await finger.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: x + width / 2, y: y + height / 2 }] });
  await car.page.locator('[data-press=acknowledged]').evaluate((button, { x, y, width, height }) => {
    button.style.translate = '0 -150px';
    const other = Object.assign(document.createElement('button'), { onclick: () => (window.wrong = true) });
    Object.assign(other.style, { position: 'fixed', left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px`, zIndex: 9 });
    document.body.append(other);
  }, { x, y, width, height });
  await finger.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await eventually(() => steps.length, 'the press of what was touched');
  assert.deepEqual([steps, await car.page.evaluate(() => window.wrong)], [['acknowledged'], undefined]);
  await finger.send('Emulation.setTouchEmulationEnabled', { enabled: false });
  await car.pretend(null);
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

    await car.page.locator('#new-job').click();
    const before = (await car.heard()).tones.length;
    await car.page.waitForTimeout(2_500);
    assert.equal((await car.heard()).tones.length, before, 'it still sounds after a touch');
    assert.equal(await car.count('dialog[open][data-new-job] [data-sos]'), 1, 'no SOS on the sheet');
    await car.press('[data-new-job-seen]');
    await car.gone('[data-new-job]');
    await car.page.reload();
    await car.see('[data-job][data-step=none]');
    assert.equal(await car.count('[data-new-job]'), 0, 'told again after a reload');

    assert.match(await car.text('.clock'), /剩餘\s*[89]:\d\d/);
    assert.match(await car.text('[data-distance]'), /公里|公尺/);
    assert.match(await car.text('[data-job]'), /騎士倒地，意識清楚/);
    await car.see('[data-map=drawn]');
    await car.see('.job-mark.urgent');
    await car.see('.car-mark');
    assert.equal(await car.count('[data-navigate]'), 0, "a link out of the car's own browser");
    // It stands for five seconds: whoever looks only after the press may come too late on a busy computer.
    const offered = car.see('[data-undo=acknowledged]');
    await car.bounces('[data-press=en_route]');
    await car.press('[data-press=acknowledged]');
    await car.see('[data-press=en_route]');
    await offered;
    assert.equal(await car.page.evaluate(() => window.bounced), true);
    await car.calm();
    assert.equal(await car.attribute('[data-job]', 'data-step'), 'acknowledged', 'a bounce set out');
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
    const place = await car.box('[data-press=on_scene]');
    await ask('to the scene');
    await car.see('[data-proposal]');
    assert.deepEqual(await car.box('[data-press=on_scene]'), place, 'the button moved away under the finger');
    await car.shot('proposal');
    await car.press('[data-press=on_scene]');
    await car.see('[data-step=on_scene]');
    await car.see('[data-check-in]');
    await car.press('[data-check-in]');

    await car.bounces('dialog[open] [data-choice=car_outcome_nobody]');
    await car.press('[data-press=cleared]');
    await car.see('dialog [data-choice=car_outcome_handed_over]');
    assert.equal(await car.page.evaluate(() => window.bounced), true);
    await car.press('[data-choice=other]');
    assert.equal(await car.text('label[for=own-words]'), '輸入處理結果');
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

    await car.hold('footer [data-sos]', HOLD_MS * 0.5);
    assert.equal(await car.attribute('footer [data-sos]', 'data-sos'), 'false', 'a short touch is an SOS');
    await ask('no fix');
    await car.see('[data-fix=false]');
    await car.hold('footer [data-sos]', HOLD_MS + 300);
    await car.see('footer [data-sos=true]');
    await car.see('[data-sos-phase=queued]');
    assert.match(await car.text('[data-sos-phase]'), /一有連線立刻送出.*無線電說明位置/s);
    await car.shot('offline-sos');
    await ask('mend');
    await car.see('[data-sos-phase=acknowledged]');
    assert.match(await car.text('[data-sos-phase]'), /伺服器已收到，尚待值勤員回應/);
    await ask('fix');
    // The desk sees it, and ends it first: the car is told both.
    await ask('acknowledge the SOS');
    await car.see('[data-sos-phase=seen]');
    await ask('resolve the SOS');
    await car.see('footer [data-sos=false]');
    await eventually(async () => (await car.texts('[data-news=warning]')).some((text) => /已解除你的求援/.test(text)), 'the desk ended it');
    await eventually(async () => (await car.heard()).spoken.some(({ words }) => /已解除你的求援/.test(words)), 'it is spoken');
    await car.readAll();

    await car.holdKey('footer [data-sos]', 'Space', HOLD_MS * 0.5);
    assert.equal(await car.attribute('footer [data-sos]', 'data-sos'), 'false');
    await car.holdKey('footer [data-sos]', 'Space', HOLD_MS + 300);
    await car.see('footer [data-sos=true]');
    // A second hold, in fear or after a press that seemed to fail, calls again and ends nothing.
    await car.hold('footer [data-sos]', HOLD_MS + 300);
    await car.acknowledged(5);
    assert.equal(await car.attribute('footer [data-sos]', 'data-sos'), 'true', 'a second hold ended the SOS');
    await car.endSos();
    await car.acknowledged(6);

    await car.press('[data-duty=available]');
    await car.press('[data-choice=meal]');
    await car.see('[data-duty=away]');
    assert.equal(await car.text('[data-duty-state]'), '停勤中：用餐');
    assert.equal(await car.text('[data-duty]'), '復勤');
    await car.press('[data-duty=away]');
    await car.see('[data-duty=available]');
    await ask('end calls');
    await car.see('[data-news^=ended]');
    await eventually(async () => (await car.heard()).spoken.some(({ words }) => /^任務 .* 結束：/.test(words)), 'a stand-down is spoken');
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
    await everyTroubleInWords(car);
    await holdsThroughAnything(car);
    await pressesWhatWasTouched(car);
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
