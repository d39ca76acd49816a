// Which key was meant. By position (`code`), as a Chinese input method reports the letter itself as "Process".

const TYPING = 'input, textarea, select, [contenteditable]';

/** The key of a shortcut, or null where the key belongs to a text being typed or to the browser. */
export function shortcut(event: KeyboardEvent): string | null {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.code === 'Escape') return 'Escape';
  const target = event.target;
  if (target instanceof Element && target.matches(TYPING)) return null;
  return event.code;
}

/** 1..9 for the digit keys of both key blocks, else null. */
export function digit(code: string | null): number | null {
  const found = /^(?:Digit|Numpad)([1-9])$/.exec(code ?? '');
  return found ? Number(found[1]) : null;
}
