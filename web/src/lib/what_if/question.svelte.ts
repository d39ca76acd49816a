// The question that is being put together; it stays while other screens are looked at, and can begin with an earlier one.
import { base as readBase } from './calls';
import { draftOf, newDraft, type Draft } from './draft';
import { isoDay } from '../time/format';
import { serverTime } from '../time/now.svelte';
import { t } from '../text/language.svelte';
import type { Base, WhatIf } from './types';

class QuestionState {
  base = $state.raw<Base | null>(null);
  draft = $state<Draft | null>(null);
  /** Key of the variant that is looked at. */
  shown = $state(0);

  /** Throws Refusal, NoAnswer. */
  async load(): Promise<void> {
    this.base = await readBase();
    if (!this.draft) this.renew();
  }

  renew(): void {
    if (!this.base) return;
    const today = isoDay(serverTime.exact_ms());
    this.take(
      newDraft(this.base, today, t('what_if_name_default', { day: today }), t('what_if_as_it_is'), t('what_if_alternative', { number: 1 })),
    );
  }

  /** What an earlier one asked, to change it. */
  from(run: WhatIf): void {
    this.take(draftOf(run));
  }

  private take(draft: Draft): void {
    this.draft = draft;
    this.shown = draft.variants[draft.variants.length > 1 ? 1 : 0]?.key ?? 0;
  }
}

export const question = new QuestionState();
