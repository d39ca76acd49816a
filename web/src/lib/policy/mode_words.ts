// One sentence for each mode, with the priorities and hours that the bureau has set.
import type { Mode, Policy } from '../api/types';
import { t } from '../text/language.svelte';

export const MODES: readonly Mode[] = ['automatic', 'recommend', 'by_priority', 'night'];

export function modeWords(mode: Mode, figures: Policy['mode']): string {
  return t(`mode_says_${mode}`, {
    priorities: figures.automatic_priorities.join(t('comma')),
    from: figures.night_from,
    to: figures.night_to,
  });
}
