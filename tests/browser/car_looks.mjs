// The car's screen as other eyes and gloved hands meet it: each state in both sizes, by day and by night.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { SCREENS } from './car_desk.mjs';
import { complaints, cutOff, otherLanguage } from './looking.mjs';
import { ask } from './visitor.mjs';

const { PATROL_LANGUAGE = 'zh-TW', PATROL_PICTURES } = process.env;
const LEAST_TEXT_PX = 20;
const LEAST_TARGET_PX = 56;
const LEAST_GAP_PX = 8;
const DRAWN_MS = 1_000;
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
          const sticky = element.closest('footer, [data-undo]') !== other.element.closest('footer, [data-undo]');
          if (Math.max(x, y) < gap && !sticky) found.push(`${name} lies ${Math.round(Math.max(x, y))} px beside ${other.element.textContent.trim().slice(0, 20)}`);
        }
      }
      return [...new Set(found)];
    },
    [LEAST_TEXT_PX, LEAST_TARGET_PX, LEAST_GAP_PX],
  );
}

/** Presses the button at the top until it is so; a sheet over it does not matter here. */
async function setLight(page, light) {
  await page.evaluate(async (wanted) => {
    const root = document.documentElement;
    for (let presses = 0; presses < 3 && (root.dataset.theme !== wanted || localStorage.getItem('patrol.car.theme') === 'auto'); presses += 1) {
      document.querySelector('[data-theme-button]').click();
      await new Promise((done) => setTimeout(done, 50));
    }
  }, light);
}

async function look(car, name) {
  const wrong = [];
  for (const light of ['day', 'night']) {
    await setLight(car.page, light);
    for (const [size, viewport] of Object.entries(SCREENS)) {
      await car.page.setViewportSize(viewport);
      await car.page.waitForTimeout(DRAWN_MS);
      await car.shot(`${name}-${size}-${light}-${PATROL_LANGUAGE}`);
      const found = [...(await complaints(car.page)), ...(await cutOff(car.page)), ...(await tooSmall(car.page))];
      wrong.push(...found.map((one) => `${name} ${size} ${light}: ${one}`));
      if (PATROL_PICTURES && PICTURES[name]?.includes(`${size}-${light}`)) {
        await car.page.screenshot({ path: join(PATROL_PICTURES, `car-${name}-${size}-${light}.png`) });
      }
    }
  }
  await setLight(car.page, 'day');
  await car.page.setViewportSize(SCREENS.tablet);
  return wrong;
}

/** The pictures of docs/car-screen.md. */
const PICTURES = {
  'new-job': ['tablet-day'],
  job: ['tablet-day', 'phone-night'],
  outcome: ['tablet-day'],
  'sos-offline': ['phone-day'],
  presses: ['phone-day'],
};

export async function looks(car) {
  const wrong = [];
  const see = async (name) => wrong.push(...(await look(car, name)));
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
  await see('decline');
  await car.press('[data-choice=other]');
  await see('decline-other');
  await car.press('[data-back]');
  await car.press('[data-navigate]');
  await see('navigate');
  assert.match(await car.attribute('[data-geo]', 'href'), /^geo:23\.\d+,120\.\d+\?q=/);
  await car.press('[data-back]');
  await ask('to the scene');
  await car.see('[data-proposal]');
  await car.press('[data-proposal] button');
  await car.see('[data-step=on_scene]');
  await car.gone('[data-undo]');
  await car.gone('[data-trouble]');
  await see('on-scene');
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
  await car.hold('[data-sos]', 2_300);
  await car.see('[data-sos-phase=queued]');
  await see('sos-offline');
  await car.press('[data-open-presses]');
  await see('presses');
  await car.press('[data-back]');
  await car.press('[data-duty]');
  await see('away');
  await car.press('[data-back]');
  await ask('mend');
  await ask('fix');
  await car.see('[data-sos-phase=acknowledged]');
  await car.hold('[data-sos]', 2_300);
  await car.see('[data-sos=false]');
  await ask('end calls');
  await car.see('[data-news^=ended]');
  wrong.push(...(await otherLanguage(car.page, PATROL_LANGUAGE)).filter((text) => !FOREIGN.has(text) && !OWN_WORDS.test(text)));
  assert.equal(wrong.join('\n'), '');
}

/** The call's and the desk's own words are in Chinese. */
const OWN_WORDS = /北興|文化街|機車|博愛街|優先|測試|交通事故 A2/;
