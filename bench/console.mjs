// Looks at two live maps in turn, one with many units and one with none, and writes what each look cost as JSON lines:
// node console.mjs measure. Settings come in the environment (bench/console.py).
import { writeSync } from 'node:fs';
import { Desk, PATIENCE_MS, play } from '../tests/browser/chromium.mjs';

const { BENCH_PAGES, BENCH_ROUNDS, BENCH_SECONDS, BENCH_SHOTS, PATROL_USER } = process.env;
const SETTLED_MS = 6_000;
const STEP_MS = 33;

/** From now on every frame and every long task is noted, until `stop`. */
function watchFrames() {
  const seen = { frames_ms: [], long_tasks_ms: [], last: 0, on: true };
  globalThis.seenFrames = seen;
  const frame = (now) => {
    if (!seen.on) return;
    if (seen.last) seen.frames_ms.push(now - seen.last);
    seen.last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.long_tasks_ms.push(entry.duration);
  });
  observer.observe({ type: 'longtask' });
  seen.stop = () => {
    seen.on = false;
    observer.disconnect();
    return { frames_ms: seen.frames_ms.map((ms) => Math.round(ms * 10) / 10), long_tasks_ms: seen.long_tasks_ms };
  };
}

async function metrics(session) {
  const { metrics: list } = await session.send('Performance.getMetrics');
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

async function measured(page, session, act) {
  const before = await metrics(session);
  await page.evaluate(watchFrames);
  await act();
  const frames = await page.evaluate(() => globalThis.seenFrames.stop());
  const after = await metrics(session);
  const spent = (name) => after[name] - before[name];
  return { ...frames, wall_s: spent('Timestamp'), task_s: spent('TaskDuration'), script_s: spent('ScriptDuration') };
}

/** Drags the map round a circle, as a hand does that looks about. */
async function drag(page, milliseconds) {
  const box = await page.locator('.frame').boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const begin = Date.now();
  while (Date.now() - begin < milliseconds) {
    const turn = ((Date.now() - begin) / 2_000) * 2 * Math.PI;
    await page.mouse.move(x + 80 * Math.sin(turn), y + 80 * (1 - Math.cos(turn)));
    await page.waitForTimeout(STEP_MS);
  }
  await page.mouse.up();
}

async function look(page, { name, url, password }) {
  await page.goto(url);
  if (await page.locator('#username').isVisible({ timeout: 5_000 }).catch(() => false)) {
    await page.locator('#username').fill(PATROL_USER);
    await page.locator('#password').fill(password);
    await page.keyboard.press('Enter');
  }
  await page.locator('.frame[data-ready=true]').waitFor({ timeout: PATIENCE_MS });
  await page.waitForTimeout(SETTLED_MS);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'timeTicks' });
  const phases = {
    still: () => page.waitForTimeout(Number(BENCH_SECONDS) * 1000),
    dragged: () => drag(page, (Number(BENCH_SECONDS) * 1000) / 2),
  };
  for (const [phase, act] of Object.entries(phases)) {
    const found = await measured(page, session, act);
    writeSync(1, `${JSON.stringify({ page: name, phase, ...found })}\n`);
  }
  await session.detach();
}

const scenarios = {
  async measure(desk) {
    const pages = JSON.parse(BENCH_PAGES);
    for (let round = 0; round < Number(BENCH_ROUNDS); round += 1) {
      for (const each of round % 2 ? [...pages].reverse() : pages) {
        const context = await desk.page.context().browser().newContext({ viewport: { width: 1440, height: 900 } });
        const page = await context.newPage();
        const other = new Desk(page);
        await page.goto(each.url);
        await page.locator('#username').waitFor({ timeout: PATIENCE_MS });
        await look(page, each);
        if (BENCH_SHOTS) await other.shot(`console-${each.name}`);
        await context.close();
      }
    }
  },
};

await play(scenarios);
