// One sentence for a failed request, in the language of the desk.
import { NoAnswer, Refusal } from '../api/problem';
import { isTextKey } from './texts';
import { t } from './language.svelte';

/** Rethrows what is no failure of a request: a mistake in this program must not look like the server's. */
export function failureText(error: unknown): string {
  if (error instanceof NoAnswer) return t('failure_no_answer');
  if (!(error instanceof Refusal)) throw error;
  const key = `failure_${error.code}`;
  if (isTextKey(key)) return t(key);
  return t('failure_other', { detail: error.detail || error.code });
}
