// A page that was hidden or asleep, or a net that is back: time to look again before anybody reads the screen.

/** Calls back then; gives the function that ends it. */
export function whenAwake(look: () => void): () => void {
  const shown = () => document.visibilityState === 'visible' && look();
  document.addEventListener('visibilitychange', shown);
  document.addEventListener('resume', look);
  addEventListener('pageshow', look);
  addEventListener('online', look);
  return () => {
    document.removeEventListener('visibilitychange', shown);
    document.removeEventListener('resume', look);
    removeEventListener('pageshow', look);
    removeEventListener('online', look);
  };
}
