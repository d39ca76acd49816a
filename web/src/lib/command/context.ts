// What a line is understood against: who is there, what is open, what is looked at. Plain data, so that tests need no screen.
import type { Incident, Mode, Role, Unit } from '../api/types';
import type { View } from '../shell/views';
import type { Locale } from '../text/texts';

export interface NamedView {
  id: View;
  /** Its id and its titles in both languages. */
  names: readonly string[];
}

export interface Context {
  role: Role;
  locale: Locale;
  units: readonly Unit[];
  incidents: readonly Incident[];
  /** The incident that the desk looks at, where it is open. */
  chosen: Incident | null;
  /** The one that it looks at, where that has ended. */
  ended: Incident | null;
  /** 20261124, in Taipei. */
  today: string;
  views: readonly NamedView[];
}

export const MODES: readonly Mode[] = ['automatic', 'recommend', 'by_priority', 'night'];
