// Which key was meant, and the table of all of them. By position (`code`), as a Chinese input method reports the letter
// itself as "Process".
import type { TextKey } from '../text/texts';

const TYPING = 'input, textarea, select, [contenteditable]';
const STORED_AS = 'patrol.single_keys';

export interface Key {
  /** As it is printed on the help sheet. */
  shown: readonly string[];
  /** What `shortcut` gives for it; empty where it is no single key of a letter, a digit or a sign. */
  codes: readonly string[];
  text: TextKey;
}

/** All keys but those of the screens, which stand in views.ts. A test holds the sources to this table. */
export const KEYS = {
  command: { shown: ['/', 'Ctrl+K'], codes: ['Slash'], text: 'key_command' },
  help: { shown: ['?', 'F1'], codes: ['Slash'], text: 'key_help' },
  undo: { shown: ['Ctrl+Z'], codes: [], text: 'key_undo' },
  region: { shown: ['F6', 'Shift+F6'], codes: [], text: 'key_region' },
  new_call: { shown: ['N'], codes: ['KeyN'], text: 'key_new_call' },
  walk: { shown: ['↓ ↑', 'J K'], codes: ['KeyJ', 'KeyK'], text: 'key_walk' },
  edit: { shown: ['E'], codes: ['KeyE'], text: 'key_edit' },
  candidates: { shown: ['1…9'], codes: [], text: 'key_candidates' },
  alarm: { shown: ['A'], codes: ['KeyA'], text: 'key_alarm' },
  alarm_acknowledge: { shown: ['Q'], codes: ['KeyQ'], text: 'key_alarm_acknowledge' },
  alarm_resolve: { shown: ['X'], codes: ['KeyX'], text: 'key_alarm_resolve' },
  find: { shown: ['F'], codes: ['KeyF'], text: 'key_find' },
  follow: { shown: ['G'], codes: ['KeyG'], text: 'key_follow' },
  measure: { shown: ['D'], codes: ['KeyD'], text: 'key_measure' },
  layers: { shown: ['L'], codes: ['KeyL'], text: 'key_layers' },
  coverage: { shown: ['C'], codes: ['KeyC'], text: 'key_coverage' },
  suggestions: { shown: ['P'], codes: ['KeyP'], text: 'key_suggestions' },
  back: { shown: ['Esc'], codes: [], text: 'key_back' },
} as const satisfies Record<string, Key>;

/** Keys of one letter, digit or sign can be switched off (WCAG 2.1.4); each has another way, by a button or the command line. */
class SingleKeys {
  on = typeof localStorage === 'undefined' || localStorage.getItem(STORED_AS) !== 'off';

  set(on: boolean): void {
    this.on = on;
    localStorage.setItem(STORED_AS, on ? 'on' : 'off');
  }
}
export const singleKeys = new SingleKeys();

const isCharacter = (code: string) => !/^(Escape|Enter|Tab|Space|Arrow\w+|F\d+|Home|End|Page\w+)$/.test(code);
const elementOf = ({ target }: KeyboardEvent) =>
  typeof Element !== 'undefined' && target instanceof Element ? target : null;

/** Under a modal dialog no key does anything, wherever the focus is: behind its last stop it lies on the page itself. */
const isCovered = () => typeof document !== 'undefined' && document.querySelector('dialog:modal') !== null;

/** The key of a shortcut, or null where the key belongs to a text being typed, to a dialog or to the browser. */
export function shortcut(event: KeyboardEvent): string | null {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isCovered()) return null;
  if (event.code === 'Escape') return 'Escape';
  if (elementOf(event)?.closest(TYPING)) return null;
  if (!singleKeys.on && isCharacter(event.code)) return null;
  return event.code;
}

export type Chord = 'command' | 'help' | 'undo' | 'region' | 'region_back';

/** The keys that work everywhere on the desk, while a text is typed too where they are no character of it. */
export function chord(event: KeyboardEvent): Chord | null {
  if (event.isComposing || event.altKey || isCovered()) return null;
  const control = event.ctrlKey || event.metaKey;
  if (event.code === 'F1' && !control) return 'help';
  if (event.code === 'F6' && !control) return event.shiftKey ? 'region_back' : 'region';
  if (control && event.code === 'KeyK') return 'command';
  if (control && !event.shiftKey && event.code === 'KeyZ') return elementOf(event)?.closest(TYPING) ? null : 'undo';
  const code = shortcut(event);
  if (code === null) return null;
  // The sign itself goes first: on other keyboards it lies elsewhere. An input method tells no sign.
  if (event.key === '/') return 'command';
  if (event.key === '?') return 'help';
  if (code !== 'Slash' || /^[!-~]$/.test(event.key)) return null;
  return event.shiftKey ? 'help' : 'command';
}

/** 1..9 for the digit keys of both key blocks, else null. */
export function digit(code: string | null): number | null {
  const found = /^(?:Digit|Numpad)([1-9])$/.exec(code ?? '');
  return found ? Number(found[1]) : null;
}
