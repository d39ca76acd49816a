// A question takes the keyboard and gives it back when it is answered, so that nobody is thrown to the top of the page.
import { stops } from './regions';

/** An attachment: the element has the focus while it is there; then whatever had it, else the part of the screen around. */
export function borrowFocus(element: HTMLElement): () => void {
  const lender = document.activeElement;
  const around = element.parentElement?.closest<HTMLElement>('li, section, article, main');
  element.focus();
  return () => {
    // Once the element is gone; whatever was given the keyboard meanwhile keeps it.
    setTimeout(() => {
      if (document.activeElement && document.activeElement !== document.body) return;
      if (lender instanceof HTMLElement && lender.isConnected && lender !== document.body) lender.focus();
      else if (around?.isConnected) stops(around)[0]?.focus();
    });
  };
}
