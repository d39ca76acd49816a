// The car's screen as other eyes and gloved hands meet it: each state in both sizes, by day and by night.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { SCREENS } from './car_desk.mjs';
import { DRAWN_MS } from './chromium.mjs';
import { complaints, cutOff, otherLanguage } from './looking.mjs';
import { ask } from './visitor.mjs';

const { PATROL_LANGUAGE = 'zh-TW', PATROL_PICTURES } = process.env;
const LEAST_TEXT_PX = 20;
const LEAST_TARGET_PX = 56;
const LEAST_GAP_PX = 8;
/** What the crew calls its unit, the call's own words, and keys of the map are Chinese in either language. */
const FOREIGN = new Set(['transparent']);

/** Text that is too small, and what is pressed that is too small or too near to its neighbour. */
function tooSmall(page) {
  return page.evaluate(
    ([text, target, gap]) => {
      const found = [];
      const top = document.querySelector('dialog[open]') ?? document.body;
      const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.unseen');
      for (const element of top.querySelectorAll('*')) {
        const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
        if (!own || !shown(element) || element.closest('svg, .maplibregl-map')) continue;
        const size = parseFloat(getComputedStyle(element).fontSize);
        if (size < text) found.push(`text of ${size} px: ${element.textContent.trim().slice(0, 30)}`);
      }
      const pressed = [...top.querySelectorAll('button, a, input')].filter(shown).map((element) => ({ element, box: element.getBoundingClientRect() }));
      for (const { element, box } of pressed) {
        const name = element.textContent.trim().slice(0, 20) || element.id;
        if (box.width < target || box.height < target) found.push(`${Math.round(box.width)}×${Math.round(box.height)} px: ${name}`);
        for (const other of pressed) {
          if (other.element === element || other.element.contains(element) || element.contains(other.element)) continue;
          const x = Math.max(other.box.left - box.right, box.left - other.box.right);
          const y = Math.max(other.box.top - box.bottom, box.top - other.box.bottom);
          // What is fixed to the foot lies over what scrolls beneath it, and for five seconds over the map.
          const sticky = element.closest('[data-foot]') !== other.element.closest('[data-foot]');
          if (Math.max(x, y) < gap && !sticky) found.push(`${name} lies ${Math.round(Math.max(x, y))} px beside ${other.element.textContent.trim().slice(0, 20)}`);
        }
      }
      return [...new Set(found)];
    },
    [LEAST_TEXT_PX, LEAST_TARGET_PX, LEAST_GAP_PX],
  );
}

/** What must be reached without scrolling, whatever else is on: whole, and under nothing. */
function outOfReach(page) {
  return page.evaluate(() => {
    if (document.querySelector('dialog[open]')) return [];
    const found = [];
    for (const selector of ['footer [data-sos]', '[data-press].go', '[data-check-in]', '[data-sos-over]', '[data-undo] button']) {
      const element = document.querySelector(selector);
      if (!element) continue;
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const inset = 6;
      const points = [[left + inset, top + inset], [right - inset, top + inset], [left + inset, bottom - inset], [right - inset, bottom - inset]];
      if (!points.every(([x, y]) => element.contains(document.elementFromPoint(x, y)))) found.push(`out of reach: ${selector} from ${top} to ${bottom}`);
    }
    return found;
  });
}

/** As another window of the same browser would. */
async function setLight(page, light) {
  await page.evaluate((newValue) => {
    localStorage.setItem('patrol.car.theme', newValue);
    window.dispatchEvent(new StorageEvent('storage', { key: 'patrol.car.theme', newValue }));
  }, light);
}

async function look(car, name) {
  const wrong = [];
  const shoot = async (size, light) => {
    await car.shot(`${name}-${size}-${light}-${PATROL_LANGUAGE}`);
    if (PATROL_PICTURES && PICTURES[name]?.includes(`${size}-${light}`)) {
      await car.page.screenshot({ path: join(PATROL_PICTURES, `car-${name}-${size}-${light}.png`) });
    }
  };
  const note = (found, where) => wrong.push(...found.map((one) => `${name} ${where}: ${one}`));
  for (const [size, viewport] of Object.entries(SCREENS)) {
    await car.page.setViewportSize(viewport);
    await car.page.waitForTimeout(DRAWN_MS);
    await shoot(size, 'day');
    note([...(await complaints(car.page)), ...(await cutOff(car.page)), ...(await tooSmall(car.page)), ...(await outOfReach(car.page))], size);
  }
  // The night has other colours and nothing else; they are the same in both languages, and in both sizes.
  if (PATROL_LANGUAGE === 'zh-TW') {
    await setLight(car.page, 'night');
    await car.page.waitForTimeout(DRAWN_MS);
    await shoot('phone', 'night');
    note(await complaints(car.page, 'color-contrast'), 'phone by night');
    await car.page.setViewportSize(SCREENS.tablet);
    await car.page.waitForTimeout(DRAWN_MS);
    await shoot('tablet', 'night');
    await setLight(car.page, 'day');
  }
  await car.page.setViewportSize(SCREENS.tablet);
  return wrong;
}

/** From the next load on, as a browser that was not touched yet. */
const forbidSound = (page, forbidden) => page.evaluate((value) => sessionStorage.setItem('test.silent', value), forbidden ? 'yes' : '');

function obeyForbiddenSound() {
  if (sessionStorage.getItem('test.silent')) Object.defineProperty(BaseAudioContext.prototype, 'state', { get: () => 'suspended' });
}

const worst = (state) => ({
  ...state,
  connected: false,
  link: 'unreachable',
  waiting: 300,
  fix: null,
  fix_age_ms: 40_000,
  sos_active: true,
  sos_seen: false,
  presses: [
    { press_id: 's', kind: 'sos', pressed_ms: state.clock_ms, phase: 'queued', active: true },
    { press_id: 'u', kind: 'status', status: 'on_scene', pressed_ms: state.clock_ms, phase: 'held', held_until_ms: state.clock_ms + 4_000 },
  ],
});

/** The pictures of docs/car-screen.md. */
const PICTURES = {
  'new-job': ['tablet-day'],
  job: ['tablet-day', 'phone-night'],
  outcome: ['tablet-day'],
  'sos-offline': ['phone-day'],
  presses: ['phone-day'],
};

/** Where it lies on the tablet, and how large it is on the phone, where the top of the screen has other lines. */
async function onEachScreen(car, selector) {
  const boxes = [await car.box(selector)];
  await car.page.setViewportSize(SCREENS.phone);
  const { width, height } = await car.box(selector);
  await car.page.setViewportSize(SCREENS.tablet);
  return [...boxes, { width, height }];
}

export async function looks(car) {
  const wrong = [];
  const see = async (name) => wrong.push(...(await look(car, name)));
  await car.page.addInitScript(() => Object.defineProperty(navigator, 'userAgent', { value: 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36' }));
  await car.page.addInitScript(obeyForbiddenSound);
  await car.open();
  await car.see('[data-link=connected]');
  await car.see('[data-map=drawn]');
  await see('no-job');
  await ask('accident');
  await car.see('[data-new-job]');
  await see('new-job');
  await car.press('[data-new-job-seen]');
  await car.press('[data-press=acknowledged]');
  await car.see('[data-undo]');
  await car.gone('[data-undo]');
  await ask('on the way');
  await car.press('[data-press=en_route]');
  await car.see('[data-step=en_route]');
  await car.gone('[data-undo]');
  await car.gone('[data-trouble]');
  await see('job');
  await car.press('[data-press=declined]');
  await car.press('[data-choice=other]');
  await see('decline-other');
  await car.press('[data-back]');
  await car.press('[data-navigate]');
  await see('navigate');
  assert.match(await car.attribute('[data-geo]', 'href'), /^geo:23\.\d+,120\.\d+\?q=/);
  await car.press('[data-back]');
  const before = await onEachScreen(car, '[data-press=on_scene]');
  await ask('to the scene');
  await car.see('[data-proposal]');
  assert.deepEqual(await onEachScreen(car, '[data-press=on_scene]'), before, 'the question moves the button or makes it larger');
  await see('proposal');
  await car.press('[data-press=on_scene]');
  await car.see('[data-step=on_scene]');
  await car.gone('[data-undo]');
  await car.gone('[data-trouble]');
  // All that can be there at once: SOS without a link, just arrived at priority 1, the arrival can be undone, and the
  // browser waits for a touch before it lets anything be heard.
  await forbidSound(car.page, true);
  await car.pretend(worst);
  await car.see('[data-undo]');
  await car.see('[data-sound-blocked]');
  await see('on-scene');
  await forbidSound(car.page, false);
  await car.pretend(null);
  await car.see('[data-step=on_scene]');
  await car.press('[data-press=cleared]');
  await see('outcome');
  await car.press('[data-back]');
  await ask('notice');
  await car.see('[data-news]');
  await car.press('[data-open-notices]');
  await see('notices');
  await car.press('[data-back]');
  await ask('cut');
  await ask('no fix');
  await car.see('[data-link]:not([data-link=connected])');
  await car.see('[data-fix=false]');
  await car.hold('footer [data-sos]', 2_300);
  await car.see('[data-sos-phase=queued]');
  await see('sos-offline');
  await car.press('[data-open-presses]');
  await see('presses');
  await car.press('[data-back]');
  await car.press('[data-open-menu]');
  await see('menu');
  await car.press('[data-back]');
  await car.press('[data-duty]');
  await see('away');
  await car.press('[data-back]');
  await ask('mend');
  await ask('fix');
  await car.see('[data-sos-phase=acknowledged]');
  await car.endSos();
  await ask('end calls');
  await car.see('[data-news^=ended]');
  wrong.push(...(await otherLanguage(car.page, PATROL_LANGUAGE)).filter((text) => !FOREIGN.has(text) && !OWN_WORDS.test(text)));
  assert.equal(wrong.join('\n'), '');
}

/** The call's, the desk's and the safety net's own words are in Chinese. */
const OWN_WORDS = /連線中斷|北興|文化街|機車|博愛街|優先|測試|交通事故 A2/;
