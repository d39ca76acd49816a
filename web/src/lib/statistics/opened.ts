// Whoever opens an incident from a list and comes back goes on at its row. The list's own step in the browser's history
// knows which one, so that nobody else is sent there: no later list, and not the same list come to by another way.

interface Left {
  /** The address of the list. */
  readonly list: string;
  readonly row: string;
  /** How many rows it had. */
  readonly count: number;
}

/** A row is opened; to be said before the address changes. */
export const leave = (left: Left): void => history.replaceState({ left }, '');

/** Where somebody who comes back to the list goes on, told once: how many rows there were, and an attachment for links. */
export function returned(list: string) {
  const { left } = (history.state ?? {}) as { left?: Left };
  const own = left?.list === list ? left : null;
  let row = own?.row ?? null;
  if (own) history.replaceState(null, '');
  return {
    count: own?.count ?? 0,
    /** The row is looked for among those that come first: one that comes later takes the keyboard from nobody. */
    at: (id: string) => (link: HTMLElement) => {
      if (row === null) return;
      if (row === id) link.focus();
      queueMicrotask(() => (row = null));
    },
  };
}
