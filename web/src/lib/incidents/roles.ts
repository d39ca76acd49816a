// The roles that an incident still lacks a unit for, as events and alarms tell them.
import { named, t } from '../text/language.svelte';

/** "缺第二單位"; empty where none is told. */
export function missingRoles(data: Readonly<Record<string, unknown>>): string {
  const missing = data['missing'];
  if (!Array.isArray(missing) || !missing.length) return '';
  return t('missing_roles', { roles: missing.map((role) => named('need', String(role))).join(t('comma')) });
}
