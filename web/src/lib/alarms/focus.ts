// Where the keyboard goes when it is led to an alarm, and which key does what inside of one.
import { tick } from 'svelte';
import type { Alarm } from '../api/types';
import { desk } from '../shell/desk.svelte';
import { digit, shortcut } from '../shell/keys';

/** Shows the alarm and gives it the keyboard. Banners are on every screen, the list beside the map. */
export async function lookAtAlarm(alarm: Alarm): Promise<void> {
  const place = () => document.querySelector<HTMLElement>(`[data-alarm="${alarm.id}"]`);
  if (!place()?.checkVisibility()) {
    desk.view = 'map';
    await tick();
  }
  place()?.focus();
  place()?.scrollIntoView({ block: 'nearest' });
}

export interface Keyed {
  /** 1 to 9: the actions in the order in which they are shown. */
  number: (index: number) => void;
  acknowledge: () => void;
  resolve: () => void;
}

/** An attachment: digits, Q and X mean this alarm while the keyboard is in it, and nothing else on the desk. */
export const keysOf = (does: Keyed) => (element: HTMLElement) => {
  const onKey = (event: KeyboardEvent) => {
    const code = event.shiftKey ? null : shortcut(event);
    const number = digit(code);
    if (number !== null) does.number(number - 1);
    else if (code === 'KeyQ') does.acknowledge();
    else if (code === 'KeyX') does.resolve();
    else return;
    event.stopPropagation();
    event.preventDefault();
  };
  element.addEventListener('keydown', onKey);
  return () => element.removeEventListener('keydown', onKey);
};
