// What is wrong on a phone, by the codes that the screen has sentences for; the most urgent first.
import type { Trouble } from '../backend';

export interface Wrong {
  /** When the state that is shown was told, where there is no way to the server; null where there is. */
  old_since_ms: number | null;
  storage: Trouble | null;
  position: Trouble | null;
  clock_off: boolean;
  unknown_duty: boolean;
  aside: boolean;
  began_ms: number;
}

export function troublesOf(wrong: Wrong): Trouble[] {
  const since = (code: string, is: boolean): Trouble | null => (is ? { code, since_ms: wrong.began_ms } : null);
  const old = wrong.old_since_ms === null ? null : { code: 'old_state', since_ms: wrong.old_since_ms };
  return [
    wrong.storage,
    old,
    since('unknown_duty', wrong.unknown_duty),
    since('not_taken', wrong.aside),
    wrong.position,
    since('clock_off', wrong.clock_off),
  ].filter((trouble) => trouble !== null);
}
