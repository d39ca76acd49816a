// Walks every screen in a real Chromium and lets axe look at each: node accessibility.mjs SCENARIO. PATROL_LANGUAGE is
// zh-TW or en. With PATROL_SCREENS the pictures of docs/console.md are written there.
// A view of web/src/lib/shell/views.ts that no visit stands for fails here.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { play } from './chromium.mjs';
import { complaints, cutOff, focusOf, fontsNobodyNeeds, otherLanguage } from './looking.mjs';
import { Visitor } from './visitor.mjs';
import { EVERYWHERE, VISITS } from './visits.mjs';

const { PATROL_LANGUAGE = 'zh-TW', PATROL_SCREENS, PATROL_SHOTS } = process.env;
const VIEWS = readFileSync(new URL('../../web/src/lib/shell/views.ts', import.meta.url), 'utf8');
const ids = [...VIEWS.matchAll(/^ {2}(\w+): screen\(/gm)].map(([, id]) => id);
/** 1280 x 720 with letters twice as large. */
const TWICE = { width: 640, height: 360 };
const SMALLEST = { width: 1280, height: 720 };
const LARGER = [{ width: 1920, height: 1080 }, { width: 3840, height: 2160 }];
const DESKTOP = { width: 1440, height: 900 };
/** What WCAG 2.2 asks that a reader may set. Source: success criterion 1.4.12. */
const SPACED = '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }';
const TABS = 400;

/** The pictures of docs/console.md: the states they show, and their names. */
const PICTURES = {
  'zh-TW': {
    'sign in': 'sign-in',
    'map: calls': 'map',
    'map: intake': 'intake',
    'map: an incident with candidates': 'candidates',
    'map: an incident with a unit on its way': 'incident',
    'map: mode': 'mode',
    'map: where to wait': 'where-to-wait',
    'board: tables': 'board',
    'replay: hour': 'replay',
    'incidents: list': 'past-incidents',
    'incident: page': 'incident-page',
    'what_if: question': 'what-if-question',
    'what_if: progress': 'what-if-progress',
    'what_if: result': 'what-if-result',
    'desk: command line': 'command-line',
    'desk: help sheet': 'help-sheet',
    'desk: in the dark': 'dimmed',
    'desk: a server that says nothing': 'connection-lost',
    'desk: an officer in need': 'sos',
  },
  en: { 'board: with an incident': 'board-in-english' },
}[PATROL_LANGUAGE];

const fileOf = (state) => `${state.replace(/\W+/g, '-')}${PATROL_LANGUAGE === 'en' ? '-en' : ''}`;

/** Every state of every screen, in order, by name; a visit may give what takes it back. One that it never comes to is
    a line of `found`, so that one run tells of all. */
async function* states(visitor, found) {
  assert.deepEqual(Object.keys(VISITS).sort(), [...ids].sort(), 'a view has no visit here, or a visit has no view');
  for (const [id, visits] of [...ids.map((view) => [view, VISITS[view]]), ['map', EVERYWHERE]]) {
    for (const [state, visit] of Object.entries(visits)) {
      const name = `${visits === EVERYWHERE ? 'desk' : id}: ${state}`;
      try {
        await visitor.goTo(id);
        const back = await visit(visitor);
        yield name;
        await back?.();
      } catch (error) {
        await visitor.shot(`failed-${fileOf(name)}`);
        found.push(`${name}: ${error.message.split('\n').slice(0, 3).join(' ')}`);
      }
    }
  }
}

const scenarios = {
  async axe(visitor) {
    const found = [];
    const look = async (state) => {
      await visitor.still();
      await visitor.shot(fileOf(state));
      if (PATROL_SCREENS && PICTURES[state]) {
        mkdirSync(PATROL_SCREENS, { recursive: true });
        await visitor.page.screenshot({ path: join(PATROL_SCREENS, `${PICTURES[state]}.png`) });
      }
      const wrong = [...(await complaints(visitor.page)), ...(await otherLanguage(visitor.page, PATROL_LANGUAGE))];
      found.push(...wrong.map((line) => `${state}: ${line}`));
    };
    await visitor.page.setViewportSize(DESKTOP);
    await visitor.begin(PATROL_LANGUAGE);
    await look('sign in');
    await visitor.enter();
    assert.equal(await visitor.page.locator('html').getAttribute('lang'), PATROL_LANGUAGE);
    for await (const state of states(visitor, found)) await look(state);
    assert.deepEqual(found, []);
  },

  /** Twice as large, and with the letters spaced: no scrolling sideways, and nothing cut off. */
  async large(visitor) {
    const found = [];
    await visitor.begin(PATROL_LANGUAGE);
    await visitor.enter();
    for await (const state of states(visitor, found)) {
      await visitor.page.setViewportSize(TWICE);
      await visitor.still();
      await visitor.shot(`twice-${fileOf(state)}`, true);
      found.push(...(await cutOff(visitor.page)).map((line) => `${state} at 200 %: ${line}`));
      await visitor.page.setViewportSize(SMALLEST);
      await visitor.still();
      found.push(...(await cutOff(visitor.page)).map((line) => `${state} at 1280 x 720: ${line}`));
      const asBefore = await visitor.spaced(SPACED);
      found.push(...(await cutOff(visitor.page)).map((line) => `${state} with spaced letters: ${line}`));
      await asBefore();
    }
    assert.deepEqual(found, []);
  },

  /** The first state of each view from a desktop to a wall. */
  async wall(visitor) {
    const found = [];
    await visitor.begin(PATROL_LANGUAGE);
    await visitor.enter();
    for (const id of ids) {
      const [[state, first]] = Object.entries(VISITS[id]);
      await visitor.goTo(id);
      await first(visitor);
      for (const size of LARGER) {
        await visitor.page.setViewportSize(size);
        await visitor.still();
        await visitor.shot(`${size.width}-${fileOf(id)}`);
        found.push(...(await cutOff(visitor.page)).map((line) => `${id}: ${state} at ${size.width}: ${line}`));
      }
    }
    assert.deepEqual(found, []);
  },

  /** Tab comes to everything that a mouse does, shows where it is, and comes out again. */
  async focus(visitor) {
    const found = [];
    await visitor.begin(PATROL_LANGUAGE);
    await visitor.enter();
    for (const id of ids) {
      await visitor.goTo(id);
      const [first] = Object.values(VISITS[id]);
      await first(visitor);
      await visitor.page.locator('header a').first().focus();
      const seen = new Set();
      for (let press = 0; ; press += 1) {
        assert.ok(press < TABS, `${id}: Tab never comes out of ${[...seen].slice(-3).join(', ')}`);
        await visitor.page.keyboard.press('Tab');
        const { name, ring, again } = await focusOf(visitor.page);
        if (again) break;
        if (!ring) found.push(`${id}: nobody sees that ${name} has the focus`);
        seen.add(name);
      }
      assert.ok(seen.size >= 5, `${id}: Tab came to ${[...seen].join(', ')} alone`);
    }
    assert.deepEqual(found, []);
  },

  /** Pieces of the font: those alone that have a letter of this page, its texts, or its map. */
  async fonts(visitor) {
    await visitor.begin(PATROL_LANGUAGE);
    await visitor.enter();
    await visitor.still();
    const messages = readFileSync(new URL(`../../web/messages/${PATROL_LANGUAGE}.json`, import.meta.url), 'utf8');
    const { idle, pieces, bytes, of } = await fontsNobodyNeeds(visitor.page, messages);
    writeFileSync(join(PATROL_SHOTS, 'fonts.json'), JSON.stringify({ pieces, of, bytes }));
    assert.ok(pieces > 0 && pieces < of);
    assert.deepEqual(idle, []);
  },
};

await play(scenarios, { kind: Visitor, refusals: [401, 404, 409, 422] });
