// Which states of which screens the walk in accessibility.mjs visits, and how it comes to each.
import { ask, PATIENCE_MS } from './visitor.mjs';

const { PATROL_CALL, PATROL_WORK, PATROL_WORKING: WORKING } = process.env;

/** For each view its states; what leads to each starts at the view with nothing open. */
export const VISITS = {
  map: {
    async calls(visitor) {
      await visitor.see('[data-incident]');
    },
    async 'an incident with candidates'(visitor) {
      await visitor.openCall(PATROL_CALL);
      await visitor.panel().locator('[data-unit]').first().waitFor({ timeout: PATIENCE_MS });
    },
    async 'an incident with a unit on its way'(visitor) {
      await visitor.openCall(PATROL_WORK);
      await visitor.panel().locator('[data-assignment]').first().waitFor({ timeout: PATIENCE_MS });
    },
    async 'intake with what is missing'(visitor) {
      await visitor.press('n');
      await visitor.page.locator('#description').press('Enter');
      await visitor.see('[aria-invalid=true]');
      return () => visitor.discard();
    },
    async 'intake with places'(visitor) {
      await visitor.place();
      return () => visitor.discard();
    },
    async intake(visitor) {
      await visitor.place();
      await visitor.press('Enter');
      await visitor.see('#description:focus');
      await visitor.page.keyboard.type('機車倒地，騎士受傷');
      await visitor.see('section.side ol li');
      return () => visitor.discard();
    },
    async mode(visitor) {
      await visitor.page.locator('header [data-mode]').click();
      await visitor.see('input[name=mode]');
      return () => visitor.page.locator('input[name=mode]').first().press('Escape');
    },
    async sounds(visitor) {
      const opener = visitor.page.locator('header .sound button[aria-expanded]');
      await opener.click();
      await visitor.see('header .sound .panel');
      return () => opener.click();
    },
    async layers(visitor) {
      await visitor.press('l');
      await visitor.see('section.map input[type=checkbox]');
      return () => visitor.press('Escape');
    },
    async 'something found'(visitor) {
      await visitor.press('f');
      await visitor.see('#find:focus');
      await visitor.page.keyboard.type(WORKING);
      await visitor.see('section.map [role=option]');
      await visitor.press('Enter');
      await visitor.see('section.map aside');
      return async () => {
        await visitor.page.locator('[role=search] > button').click();
        await visitor.goTo('map');
      };
    },
    async 'an incident that is changed'(visitor) {
      await visitor.openCall(PATROL_CALL);
      await visitor.press('e');
      await visitor.see('[data-edit]');
      return () => visitor.page.locator('[data-edit] input').first().press('Escape');
    },
    async 'where to wait'(visitor) {
      await visitor.see('[data-suggestion]');
      await visitor.press('c');
      await visitor.see('section.map aside');
      return () => visitor.press('c');
    },
  },
  board: {
    async tables(visitor) {
      await visitor.see('main table tbody tr');
    },
    async 'with an incident'(visitor) {
      await visitor.page.locator('.work [data-incident] [data-row]').first().click();
      await visitor.panel().locator('[data-unit], [data-assignment]').first().waitFor({ timeout: PATIENCE_MS });
      return () => visitor.press('Escape');
    },
  },
  incidents: {
    async list(visitor) {
      await visitor.see('main table tbody tr');
    },
  },
  incident: {
    async page(visitor) {
      await visitor.goTo(`incident/${PATROL_WORK}`);
      await visitor.see('[data-incident-page] [data-assignment], [data-incident-page] table');
    },
    async 'nothing of that number'(visitor) {
      await visitor.goTo('incident/none-such');
      await visitor.see('main [role=alert]');
    },
  },
  replay: {
    async choice(visitor) {
      await visitor.see('main form select');
    },
    async hour(visitor) {
      await visitor.see('main form select');
      await visitor.button(visitor.t('replay_load')).click();
      await visitor.see('[data-replay-at] input[type=range]');
      await visitor.page.locator('input[type=range]').press('End');
    },
  },
  statistics: {
    // Its other tabs are looked at by statistics.mjs.
    async figures(visitor) {
      await visitor.see('main[data-statistics] .chart[data-drawn=true]');
      await visitor.page.locator('#figures-panel[aria-busy=false]').waitFor({ timeout: PATIENCE_MS });
    },
    async 'a filter that is open'(visitor) {
      await visitor.see('main[data-statistics] .chart');
      await visitor.page.locator('.choice button').nth(2).click();
      await visitor.see('.choice fieldset');
    },
  },
  what_if: {
    async question(visitor) {
      await visitor.question();
    },
    async 'question with mistakes'(visitor) {
      await visitor.question();
      await visitor.page.locator('#what-if-name').fill('');
      await visitor.button(visitor.t('what_if_run')).click();
      await visitor.see('[aria-invalid=true]');
    },
    async result(visitor) {
      await visitor.question({ name: 'A', days: 1, replications: 5 });
      await visitor.button(visitor.t('what_if_run')).click();
      await visitor.see('article[data-run][data-state=done] table');
    },
    async progress(visitor) {
      await visitor.question({ name: 'B', days: 31, replications: 50 });
      await visitor.button(visitor.t('what_if_run')).click();
      await visitor.see('progress');
      return async () => {
        await visitor.button(visitor.t('what_if_cancel')).first().click();
        await visitor.see('article[data-run][data-state=cancelled]');
      };
    },
  },
};

/** What may be over any view. */
export const EVERYWHERE = {
  async 'in the dark'(visitor) {
    const dim = visitor.button(visitor.t('dim_screen'));
    await dim.click();
    await visitor.see('[data-light=dim]');
    return () => dim.click();
  },
  async 'a server that says nothing'(visitor) {
    await visitor.goTo('board');
    await ask('freeze');
    await visitor.see('.banner.lost');
    return async () => {
      await ask('thaw');
      await visitor.page.locator('.banner.lost').waitFor({ state: 'detached', timeout: PATIENCE_MS });
    };
  },
  async 'command line'(visitor) {
    await visitor.press('/');
    await visitor.see('[role=combobox]:focus');
    await visitor.page.keyboard.type('a');
    await visitor.see('[role=option]');
    return () => visitor.press('Escape', 'Escape');
  },
  async 'help sheet'(visitor) {
    await visitor.goTo('statistics');
    await visitor.press('?');
    await visitor.see('dialog, [role=dialog]');
    return () => visitor.press('Escape');
  },
  async 'an officer in need'(visitor) {
    await ask('sos');
    await visitor.see('[data-kind=sos]');
    return async () => {
      await ask('safe');
      await visitor.page.locator('[data-kind=sos]').waitFor({ state: 'detached', timeout: PATIENCE_MS });
    };
  },
};
