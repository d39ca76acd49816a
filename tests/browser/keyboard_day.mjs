// One call from the ring of the phone to the unit at the scene and the closed case, without a mouse: node keyboard_day.mjs day.
// An action is a key, or words typed in one go, as somebody beside the desk would count them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Desk, eventually, PATIENCE_MS, play } from './chromium.mjs';

const { PATROL_SHOTS, PATROL_UNIT } = process.env;

class Typist extends Desk {
  actions = 0;
  presses = 0;

  async key(...names) {
    for (const name of names) {
      this.actions += 1;
      this.presses += 1;
      await this.page.keyboard.press(name);
    }
  }

  async words(text) {
    this.actions += 1;
    this.presses += [...text].length;
    await this.page.keyboard.type(text);
  }

  focused = () => this.page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('name') || '');
  reaches = (field) => eventually(async () => (await this.focused()) === field, `the keyboard at ${field}`);
  panel = () => this.page.locator('article[data-incident-panel]');
}

const scenarios = {
  async day(desk) {
    const { page } = desk;
    await desk.open();
    // Nobody is at the mouse: it is an error to use it from here.
    page.mouse.click = page.mouse.move = () => assert.fail('the mouse');

    await desk.key('n');
    await desk.reaches('category');
    await desk.key('a');
    await desk.reaches('accident_class');
    await desk.key('2');
    await desk.reaches('place');
    await desk.words('吳鳳路 自由街');
    await page.getByRole('option').filter({ hasText: '吳鳳路/自由街' }).first().waitFor({ timeout: PATIENCE_MS });
    await desk.key('Enter');
    await desk.reaches('description');
    await desk.words('機車倒地，騎士受傷');
    await page.locator('section.side ol').getByText(PATROL_UNIT).first().waitFor({ timeout: PATIENCE_MS });
    await desk.shot('intake');
    await desk.key('Enter');
    await desk.panel().locator('[data-assignment]').getByText(PATROL_UNIT).waitFor({ timeout: PATIENCE_MS });
    const entered = desk.actions;

    await desk.panel().locator('[data-assignment][data-state=on_scene]').waitFor({ timeout: PATIENCE_MS });
    await desk.panel().getByRole('timer').getByText('已到場').waitFor({ timeout: PATIENCE_MS });
    await desk.shot('arrived');
    const arrived = desk.actions;

    await desk.key('/');
    await page.locator('[role=combobox]:focus').waitFor({ timeout: PATIENCE_MS });
    await desk.words('close 騎士送醫');
    await desk.shot('command');
    await desk.key('Enter');
    const closed = () => page.evaluate(async () => (await (await fetch('/api/v1/incidents?state=all')).json()).items[0]);
    const incident = await eventually(async () => {
      const found = await closed();
      return found.state === 'closed' && found;
    }, 'the closed case');

    assert.equal(incident.category, 'traffic_accident');
    assert.equal(incident.priority, 2);
    assert.match(incident.address, /^吳鳳路.自由街/);
    assert.ok(incident.on_scene_at, 'the arrival is kept');
    const { actions, presses } = desk;
    writeFileSync(join(PATROL_SHOTS, 'actions.json'), JSON.stringify({ entered, arrived, actions, presses }));
    console.log(`actions: ${entered} until the unit was sent, ${actions} until the case was closed; ${presses} keys pressed`);
  },
};

await play(scenarios, { kind: Typist });
