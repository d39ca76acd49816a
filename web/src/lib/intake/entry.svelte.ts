// Sending a call: what is missing, what the server refused, and the question whether a place outside is meant.
import { createIncident } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import type { IncidentDetail } from '../api/types';
import { failureText } from '../text/failure';
import { t } from '../text/language.svelte';
import { fieldOf, missing, toCall, type CallDraft } from './call_draft';

export class Entry {
  busy = $state(false);
  failure = $state('');
  /** The server asks whether a place outside the bureau's area is meant. */
  asksOutside = $state(false);
  /** What is wrong, by field of the form. */
  wrong = $state<Record<string, string>>({});

  /** Sends the call; null where it wasn't taken, with the reason in this object. */
  async send(call: CallDraft, confirm_outside = false): Promise<IncidentDetail | null> {
    if (this.busy) return null;
    this.wrong = Object.fromEntries(missing(call).map((field) => [field, t(`missing_${field}`)]));
    this.failure = '';
    if (Object.keys(this.wrong).length) return null;
    this.busy = true;
    try {
      const made = await createIncident(toCall(call, confirm_outside), call.key);
      this.asksOutside = false;
      return made;
    } catch (error) {
      this.explain(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  private explain(error: unknown): void {
    if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
    this.asksOutside = error instanceof Refusal && error.code === 'outside_area';
    if (this.asksOutside) return;
    this.failure = failureText(error);
    if (error instanceof Refusal) {
      this.wrong = Object.fromEntries(error.members.map(({ member, reason }) => [fieldOf(member), reason]));
    }
  }
}
