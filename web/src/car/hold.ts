// A button that has to be held: by a finger, or by Space or Enter. Svelte attachment; calls `progress` with 0..1, and with
// 0 when the hold is over. Only letting go ends it: what opens, closes or takes the focus meanwhile does not.
import type { Attachment } from 'svelte/attachments';
import { buzz } from './buzz';

export const HOLD_MS = 2000;
const FRAME_MS = 50;

interface Holding {
  progress: (share: number) => void;
  done: () => void;
}

const isKey = ({ key }: KeyboardEvent) => key === ' ' || key === 'Enter';

export function held({ progress, done }: Holding): Attachment<HTMLElement> {
  return (button) => {
    let began_ms: number | null = null;
    /** The finger that holds; null where it is a key. */
    let finger: number | null = null;
    let timer: ReturnType<typeof setInterval> | undefined;

    const release = () => {
      clearInterval(timer);
      window.removeEventListener('pointerup', lift);
      window.removeEventListener('pointercancel', lift);
      window.removeEventListener('keyup', keyUp);
      if (began_ms !== null) progress(0);
      began_ms = null;
    };
    const lift = ({ pointerId }: PointerEvent) => pointerId === finger && release();
    const keyUp = (event: KeyboardEvent) => finger === null && isKey(event) && release();
    const blurred = () => finger === null && release();
    const tick = () => {
      if (began_ms === null) return;
      const share = Math.min(1, (performance.now() - began_ms) / HOLD_MS);
      progress(share);
      if (share < 1) return;
      release();
      buzz([200, 80, 200]);
      done();
    };
    const hold = (by: number | null) => {
      release();
      finger = by;
      began_ms = performance.now();
      timer = setInterval(tick, FRAME_MS);
      // Of the window: the sheet that the button stands in may be taken away under the finger, and the hold goes on.
      window.addEventListener('pointerup', lift);
      window.addEventListener('pointercancel', lift);
      window.addEventListener('keyup', keyUp);
      buzz(40);
      progress(0.01);
    };
    const down = (event: KeyboardEvent) => {
      if (!isKey(event)) return;
      event.preventDefault();
      if (!event.repeat && began_ms === null) hold(null);
    };
    const point = (event: PointerEvent) => {
      if (event.button !== 0) return;
      // A glove slides; as long as it stays down it is the same press.
      button.setPointerCapture(event.pointerId);
      hold(event.pointerId);
    };
    const menu = (event: Event) => event.preventDefault();
    button.addEventListener('pointerdown', point);
    button.addEventListener('keydown', down);
    button.addEventListener('blur', blurred);
    button.addEventListener('contextmenu', menu);
    return () => {
      button.removeEventListener('pointerdown', point);
      button.removeEventListener('keydown', down);
      button.removeEventListener('blur', blurred);
      button.removeEventListener('contextmenu', menu);
    };
  };
}
