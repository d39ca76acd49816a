// The one draft of this desk; outlives the form, a reload of the page and a lost session, until sent or discarded.
import { serverTime } from '../time/now.svelte';
import { emptyDraft, goesOn, proposedPriority, readDraft, type CallDraft } from './call_draft';
import { metresBetween } from './same_incident';

const KEPT_AS = 'patrol.call_draft';
const REFINED_M = 300;

class Draft {
  /** Null while no call is being entered. */
  call = $state<CallDraft | null>(readDraft(sessionStorage.getItem(KEPT_AS)));
  private closed_ms: number | null = null;

  begin(): void {
    if (this.call && !goesOn(this.call, this.closed_ms, serverTime.exact_ms())) this.call = null;
    this.closed_ms = null;
    this.call ??= emptyDraft(crypto.randomUUID(), this.now());
    this.keep();
  }

  /** The form was closed; what was typed stays. */
  close(): void {
    this.closed_ms = serverTime.exact_ms();
  }

  change(change: Partial<CallDraft>): void {
    if (!this.call) return;
    // A place from the map takes the field; words that stood there and found no place are kept as the address.
    if (change.lat !== undefined && change.place_text === undefined) {
      const typed = this.call.lat === null ? this.call.place_text.trim() : '';
      if (typed && !this.call.address) Object.assign(this.call, { address: typed, addressTyped: true });
      // A click beside a named place makes it more exact; one far away means another.
      if (this.refines(change)) this.call.addressTyped = this.call.address !== '';
      this.call.place_text = '';
    }
    Object.assign(this.call, change);
    if (!this.call.priorityChosen) this.call.priority = proposedPriority(this.call);
    this.keep();
  }

  /** Puts what stands in the notes field to the notes, with the time. */
  note(): void {
    const text = this.call?.note_text.trim();
    if (!this.call || !text) return;
    this.change({ notes: [...this.call.notes, { at: this.now(), text }], note_text: '' });
  }

  discard(): void {
    this.call = null;
    sessionStorage.removeItem(KEPT_AS);
  }

  keep(): void {
    if (this.call) sessionStorage.setItem(KEPT_AS, JSON.stringify(this.call));
  }

  private refines({ lat, lon }: Partial<CallDraft>): boolean {
    const { call } = this;
    if (!call?.place_text || call.lat === null || call.lon === null || lat == null || lon == null) return false;
    return metresBetween({ lat: call.lat, lon: call.lon }, { lat, lon }) <= REFINED_M;
  }

  private now(): string {
    return new Date(serverTime.exact_ms()).toISOString();
  }
}

export const draft = new Draft();
