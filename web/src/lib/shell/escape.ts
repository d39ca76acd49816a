// Escape takes back the question that is open, not the panel that asks it.

/** An attachment: calls `back` on Escape inside the element, unless an input method is composing. */
export const onEscape = (back: () => void) => (element: HTMLElement) => {
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.stopPropagation();
    back();
  };
  element.addEventListener('keydown', onKey);
  return () => element.removeEventListener('keydown', onKey);
};
