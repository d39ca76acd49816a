// Sending a call and its notes: what is missing, what the server refused, and whether a place outside is meant.
import { createIncident, keepNote } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import { request } from '../api/request';
import { failureText } from '../text/failure';
import { t } from '../text/language.svelte';
import { amendments, fieldOf, missing, toCall, type CallDraft } from './call_draft';
import { draft } from './draft.svelte';

export class Entry {
  busy = $state(false);
  failure = $state('');
  /** The server asks whether a place outside the bureau's area is meant. */
  asksOutside = $state(false);
  /** What is wrong, by field of the form. */
  wrong = $state<Record<string, string>>({});

  /**
   * Enters the call, then its notes. Gives the incident to look at, or null where something is left to do, with the
   * reason in this object. Sent again it goes on where it stopped: the call's key enters it once.
   */
  async send(confirm_outside = false): Promise<string | null> {
    draft.note();
    const { call } = draft;
    if (this.busy || !call) return null;
    this.wrong = Object.fromEntries(missing(call).map((field) => [field, t(`missing_${field}`)]));
    this.failure = '';
    if (Object.keys(this.wrong).length) return null;
    this.busy = true;
    try {
      const incident_id = call.saved_as ?? (await this.enter(call, confirm_outside));
      await this.keepNotes(incident_id);
      return incident_id;
    } catch (error) {
      this.explain(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  private async enter(call: CallDraft, confirm_outside: boolean): Promise<string> {
    const sent = toCall(call, confirm_outside);
    const made = await createIncident(sent, call.key);
    this.asksOutside = false;
    const lacking = made.state === 'open' ? amendments(sent, made) : {};
    if (Object.keys(lacking).length) {
      await request<unknown>('PATCH', `/incidents/${made.id}`, { body: { ...lacking, confirm_outside } });
    }
    const saved_as = made.merged_into ?? made.id;
    draft.change({ saved_as });
    return saved_as;
  }

  /** One after the other, so that they stand in the order they were written in; each leaves the draft once it is kept. */
  private async keepNotes(incident_id: string): Promise<void> {
    for (;;) {
      const [next, ...others] = draft.call?.notes ?? [];
      if (!next) return;
      await keepNote(incident_id, { text: next.text, written_at: next.at }, `${draft.call?.key} ${next.at}`);
      draft.change({ notes: others });
    }
  }

  private explain(error: unknown): void {
    if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
    this.asksOutside = error instanceof Refusal && error.code === 'outside_area';
    if (this.asksOutside) return;
    if (draft.call?.saved_as) {
      this.failure = t('notes_not_kept', { reason: failureText(error) });
      return;
    }
    this.failure = failureText(error);
    if (!(error instanceof Refusal)) return;
    this.wrong = Object.fromEntries(error.members.map(({ member, reason }) => [fieldOf(member), reason]));
    if (draft.call?.same_as && (error.code === 'incident_ended' || error.code === 'not_found')) {
      this.wrong['same'] = this.failure;
    }
  }
}
