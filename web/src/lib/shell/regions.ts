// Moves the keyboard from one part of the screen to the next (F6): bar, alarms, lists, map, the panel on the right.

const REGIONS =
  'header:not(:is(article, section, aside, form, main) header), [role="alertdialog"], section[data-alarm], section[aria-label], main';
const FOCUSABLE = 'button, input, select, textarea, a[href], canvas[tabindex], [tabindex]';

const visible = (element: Element) => element.checkVisibility({ checkVisibilityCSS: true });

/** Parts that have something of their own to stop at, not only inside of a smaller part, in the order of the page. */
function regions(root: ParentNode): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(REGIONS)].filter((one) => visible(one) && own(one).length > 0);
}

const own = (region: HTMLElement) => stops(region).filter((element) => element.closest(REGIONS) === region);

/** What Tab stops at inside of it. */
export const stops = (region: HTMLElement) =>
  [...region.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (element) => element.tabIndex >= 0 && !element.matches(':disabled') && visible(element),
  );

/** The place in a list of `count` that follows `at` (−1: none) by `step`, round and round. */
export const following = (at: number, count: number, step: 1 | -1): number =>
  at < 0 ? (step > 0 ? 0 : count - 1) : (at + step + count) % count;

/** Gives the keyboard to the next part, there to what is current, else to its first stop. */
export function nextRegion(root: ParentNode, step: 1 | -1): void {
  const all = regions(root);
  const part = document.activeElement?.closest<HTMLElement>(REGIONS);
  const here = part ? all.indexOf(part) : -1;
  const region = all[following(here, all.length, step)];
  if (!region) return;
  const inside = own(region);
  (inside.find((element) => element.matches('[aria-current], [aria-selected="true"]')) ?? inside[0])?.focus();
}
