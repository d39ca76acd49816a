// Accepting and dismissing a suggestion, with what went wrong.
import { acceptSuggestion, dismissSuggestion } from '../api/calls';
import { Sending } from '../api/sending.svelte';

export class Decision extends Sending {
  accept = (id: string) => this.send(() => acceptSuggestion(id));
  dismiss = (id: string) => this.send(() => dismissSuggestion(id));
}
