// A button that has to be held: by a finger, or by Space or Enter. Svelte attachment; calls `progress` with 0..1.
import type { Attachment } from 'svelte/attachments';

export const HOLD_MS = 2000;
const FRAME_MS = 50;

interface Holding {
  progress: (share: number) => void;
  done: () => void;
}

export function held({ progress, done }: Holding): Attachment<HTMLElement> {
  return (button) => {
    let began_ms: number | null = null;
    let timer: ReturnType<typeof setInterval> | undefined;
    const release = () => {
      clearInterval(timer);
      if (began_ms !== null) progress(0);
      began_ms = null;
    };
    const tick = () => {
      if (began_ms === null) return;
      const share = Math.min(1, (performance.now() - began_ms) / HOLD_MS);
      progress(share);
      if (share < 1) return;
      release();
      navigator.vibrate?.([200, 80, 200]);
      done();
    };
    const hold = () => {
      release();
      began_ms = performance.now();
      timer = setInterval(tick, FRAME_MS);
      navigator.vibrate?.(40);
      progress(0.01);
    };
    const isKey = ({ key }: KeyboardEvent) => key === ' ' || key === 'Enter';
    const down = (event: KeyboardEvent) => {
      if (!isKey(event)) return;
      event.preventDefault();
      if (!event.repeat && began_ms === null) hold();
    };
    const point = (event: PointerEvent) => {
      if (event.button !== 0) return;
      // A glove slides; as long as it stays down it is the same press.
      button.setPointerCapture(event.pointerId);
      hold();
    };
    const menu = (event: Event) => event.preventDefault();
    button.addEventListener('pointerdown', point);
    button.addEventListener('keydown', down);
    button.addEventListener('contextmenu', menu);
    const ends = ['pointerup', 'pointercancel', 'lostpointercapture', 'keyup', 'blur'];
    for (const end of ends) button.addEventListener(end, release);
    return () => {
      release();
      button.removeEventListener('pointerdown', point);
      button.removeEventListener('keydown', down);
      button.removeEventListener('contextmenu', menu);
      for (const end of ends) button.removeEventListener(end, release);
    };
  };
}
