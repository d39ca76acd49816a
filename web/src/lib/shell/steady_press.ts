// A press is for what was under the hand when it went down. Live screens grow and move by themselves: without this, a
// button that moves between press and release is not pressed at all, or, under a finger, its new neighbour is.

const PRESSABLE = 'button, a[href], summary';
/** A hand that moved farther than this changed its mind: letting go elsewhere presses nothing, as everywhere. */
const STEADY_PX = 15;

interface Press {
  readonly meant: HTMLElement | null;
  readonly pointerId: number;
  readonly x: number;
  readonly y: number;
}

const pressable = (target: EventTarget | null) => (target instanceof Element ? target.closest<HTMLElement>(PRESSABLE) : null);

/** For all of the page, for as long as it is shown. */
export function steadyPress(page: Window): void {
  let last: Press | null = null;

  function down({ target, isPrimary, button, pointerId, clientX: x, clientY: y }: PointerEvent) {
    last = isPrimary && button === 0 ? { meant: pressable(target), pointerId, x, y } : null;
  }

  function click(event: MouseEvent) {
    const press = last;
    // What a program or a key clicks (a key has no count) is no press of a hand.
    if (!press || !event.isTrusted || event.detail === 0) return;
    last = null;
    const { meant, pointerId, x, y } = press;
    if (event instanceof PointerEvent && event.pointerId !== pointerId) return;
    if (pressable(event.target) === meant || Math.hypot(event.clientX - x, event.clientY - y) > STEADY_PX) return;
    // Nothing moved but the hand, from one thing to the next.
    if (pressable(page.document.elementFromPoint(x, y)) === meant) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (meant?.isConnected && meant.checkVisibility()) meant.click();
  }

  page.addEventListener('pointerdown', down, true);
  page.addEventListener('pointercancel', () => (last = null), true);
  page.addEventListener('click', click, true);
}
