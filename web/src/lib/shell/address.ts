// The address of what is looked at: #/board, #/incident/1141123-0007. It makes a screen open in a second window,
// outlive a reload, and come back with the browser's own "back".
import { isView, type View } from './views';

export interface Place {
  view: View;
  argument: string;
}

/** What an address names; null where it names no screen. */
export function placeOf(hash: string): Place | null {
  const [view = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  if (!isView(view)) return null;
  try {
    return { view, argument: decodeURIComponent(rest.join('/')) };
  } catch (error) {
    if (error instanceof URIError) return { view, argument: '' };
    throw error;
  }
}

export function addressOf({ view, argument }: Place): string {
  return argument ? `#/${view}/${encodeURIComponent(argument)}` : `#/${view}`;
}
