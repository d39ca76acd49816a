// Accepting and dismissing a suggestion, with what went wrong.
import { acceptSuggestion, dismissSuggestion } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import { failureText } from '../text/failure';

export class Decision {
  busy = $state(false);
  failure = $state('');

  accept = (id: string) => this.send(() => acceptSuggestion(id));
  dismiss = (id: string) => this.send(() => dismissSuggestion(id));

  private async send(request: () => Promise<unknown>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failure = '';
    try {
      await request();
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      this.failure = failureText(error);
    } finally {
      this.busy = false;
    }
  }
}
