// The one draft of this desk; outlives the form, a reload of the page and a lost session, until sent or discarded.
import { serverTime } from '../time/now.svelte';
import { emptyDraft, proposedPriority, readDraft, type CallDraft } from './call_draft';

const KEPT_AS = 'patrol.call_draft';

class Draft {
  /** Null while no call is being entered. */
  call = $state<CallDraft | null>(readDraft(sessionStorage.getItem(KEPT_AS)));

  begin(): void {
    this.call ??= emptyDraft(crypto.randomUUID(), new Date(serverTime.exact_ms()).toISOString());
    this.keep();
  }

  change(change: Partial<CallDraft>): void {
    if (!this.call) return;
    Object.assign(this.call, change);
    if (!this.call.priorityChosen) this.call.priority = proposedPriority(this.call);
    this.keep();
  }

  discard(): void {
    this.call = null;
    sessionStorage.removeItem(KEPT_AS);
  }

  keep(): void {
    if (this.call) sessionStorage.setItem(KEPT_AS, JSON.stringify(this.call));
  }
}

export const draft = new Draft();
