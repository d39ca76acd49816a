// What the list says of a candidate beside its name: how long it takes, what it leaves, what speaks for and against it.
import type { Candidate, Unit, UnitAssignment } from '../api/types';
import { named, t } from '../text/language.svelte';
import { isTextKey } from '../text/texts';

const LACKS = 'lacks_';

/** The words for a code of `reasons`; a capability may be any that the bureau gave a unit. */
export function reasonText(code: string): string {
  if (isTextKey(`reason_${code}`) || !code.startsWith(LACKS)) return named('reason', code);
  return t('reason_lacks', { capability: named('capability', code.slice(LACKS.length)) });
}

/** What the unit is under way to, and would have to leave; null where it is free, or has arrived. */
export function underWayTo(candidate: Candidate, unit: Unit | undefined): UnitAssignment | null {
  return candidate.status === 'DISPATCHED' || candidate.status === 'EN_ROUTE' ? (unit?.assignment ?? null) : null;
}
