// How the walk through the screens looks at one: with axe, for what is cut off, for where the focus is, at the fonts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const web = createRequire(new URL('../../web/package.json', import.meta.url));
const AXE = readFileSync(web.resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds wrong now, a line for each kind with the first elements; with `rule` by that rule alone. */
export async function complaints(page, rule) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const runOnly = rule ? { type: 'rule', values: [rule] } : { type: 'tag', values: TAGS };
  const violations = await page.evaluate(async (runOnly) => {
    const { violations } = await window.axe.run(document, { runOnly, resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => ({
      id,
      at: nodes.slice(0, 4).map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary.split('\n')[1] ?? ''}`),
    }));
  }, runOnly);
  return violations.map(({ id, at }) => `${id}: ${at.join(' | ')}`);
}

/** What cannot be read or reached: text beyond its box or the page, and a page that scrolls sideways. */
export function cutOff(page) {
  return page.evaluate(() => {
    const found = [];
    const root = document.scrollingElement;
    if (root.scrollWidth > root.clientWidth + 1) found.push(`the page is ${root.scrollWidth - root.clientWidth} px too wide`);
    const nameOf = (element) => {
      const text = element.textContent.trim().replace(/\s+/g, ' ').slice(0, 40);
      return `<${element.localName} class="${element.getAttribute('class') ?? ''}"> ${text}`;
    };
    const hidesX = (style) => ['hidden', 'clip'].includes(style.overflowX);
    const hidesY = (style) => ['hidden', 'clip'].includes(style.overflowY);
    /** Whoever wants a shortened text whole has its title. */
    const saidElsewhere = (element) => element.closest('[title]') !== null;
    for (const element of document.querySelectorAll('#app *')) {
      const words = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!words || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      if (element.closest('.unseen, svg, [hidden], [inert], option')) continue;
      const range = document.createRange();
      range.selectNodeContents(element);
      const box = range.getBoundingClientRect();
      if (box.width < 2 || box.height < 2 || saidElsewhere(element)) continue;
      for (let around = element; around && around !== root; around = around.parentElement) {
        const style = getComputedStyle(around);
        const frame = around.getBoundingClientRect();
        const outX = box.right > frame.right + 2 || box.left < frame.left - 2;
        const outY = box.bottom > frame.bottom + 3 || box.top < frame.top - 3;
        if (around !== document.body && ((hidesX(style) && outX) || (hidesY(style) && outY))) {
          found.push(`cut off by <${around.localName} class="${around.getAttribute('class') ?? ''}">: ${nameOf(element)}`);
          break;
        }
        // What scrolls is reached.
        if (['auto', 'scroll'].includes(style.overflowX) && ['auto', 'scroll'].includes(style.overflowY)) break;
        if (around === document.body && (box.right > innerWidth + 2 || box.left < -2)) {
          found.push(`beyond the page: ${nameOf(element)}`);
        }
        const scrolls = ['auto', 'scroll'].includes(getComputedStyle(document.body).overflowY);
        if (around === document.body && !scrolls && box.bottom > innerHeight + 3) {
          found.push(`below the page: ${nameOf(element)}`);
        }
      }
    }
    return [...new Set(found)];
  });
}

/** What the bureau itself is called, and what was typed into it, is the same in every language; so are these. */
const LATIN = /chief|chiayi|English|OpenStreetMap|SOS|GPS|RAA|ETA|CSV|JSON|Enter|Esc|Shift|Ctrl|Tab|PgUp|PgDn|Space|\bkm\b|km\/h|none-such|PATROL_\w+|Wilson|patrol|simulator|numpy|scipy|PNG|SVG|PDF|ODS|ODT|SHA|Laney|auditor|\b[0-9a-f]{12,64}\b/g;
const HAN = /[北南][興門]\d*|後湖\d*|第[一二]分局|[\p{Script=Han}]+[路街](?:二段)?|口|\d+ 號|號誌故障|機車與貨車碰撞，騎士受傷|機車倒地，騎士受傷|林小姐|需要支援|中文/gu;

/** Words of another language than the desk's: codes of the server that nobody translated, and texts in the wrong one. */
export async function otherLanguage(page, language) {
  const texts = await page.evaluate(() => {
    const own = document.documentElement.lang;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const seen = [];
    while (walker.nextNode()) {
      const around = walker.currentNode.parentElement;
      // What says that it is in another language may be; keys and commands are typed as they stand.
      if (!around?.checkVisibility() || around.closest('kbd, dialog, script, style')) continue;
      if (around.closest('[lang]').lang === own) seen.push(walker.currentNode.data.trim());
    }
    return seen;
  });
  const [names, foreign] = language === 'en' ? [HAN, /\p{Script=Han}/u] : [LATIN, /[A-Za-z]{3,}/];
  return [...new Set(texts)].filter((text) => foreign.test(text.replace(names, ''))).map((text) => `not in ${language}: ${text}`);
}

/** Where the focus is: its name, whether a ring shows it, whether it was there before or has left the page. */
export function focusOf(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body || element.hasAttribute('data-tabbed')) {
      for (const marked of document.querySelectorAll('[data-tabbed]')) marked.removeAttribute('data-tabbed');
      return { name: '', ring: true, again: true };
    }
    element.setAttribute('data-tabbed', '');
    const drawn = (one) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none';
    };
    const around = [element, element.parentElement, element.parentElement?.parentElement].filter(Boolean);
    const name = `<${element.localName} ${element.id || element.getAttribute('aria-label') || element.textContent.trim().slice(0, 30)}>`;
    return { name, ring: around.some(drawn), again: false };
  });
}

/** Pieces of the font that were fetched, and those with no letter of the page, `texts`, or the names of its streets. */
export function fontsNobodyNeeds(page, texts) {
  return page.evaluate(async (given) => {
    const streets = await (await fetch('/api/v1/streets')).text();
    const units = await (await fetch('/api/v1/units')).text();
    const letters = new Set([...given, ...document.body.textContent, ...document.title, ...streets, ...units]);
    const points = [...letters].map((letter) => letter.codePointAt(0));
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
    const faces = rules.filter((rule) => rule instanceof CSSFontFaceRule);
    const fileOf = (face) => /([^/"')]+\.woff2)/.exec(face.style.getPropertyValue('src'))?.[1];
    const needed = (face) =>
      face.style.getPropertyValue('unicode-range').split(',').some((range) => {
        const [from, to = from] = range.trim().replace(/^U\+/i, '').split('-').map((hex) => parseInt(hex, 16));
        return points.some((point) => point >= from && point <= to);
      });
    const unneeded = new Set(faces.filter((face) => !needed(face)).map(fileOf));
    const fetched = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.woff2'));
    const names = fetched.map(({ name }) => name.split('/').at(-1));
    return {
      idle: names.filter((name) => unneeded.has(name)),
      pieces: fetched.length,
      of: faces.length,
      bytes: fetched.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    };
  }, texts);
}
