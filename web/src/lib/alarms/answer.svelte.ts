// Acknowledging and resolving an alarm, with what went wrong.
import { acknowledgeAlarm, resolveAlarm } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import { failureText } from '../text/failure';

export class Answer {
  busy = $state(false);
  failure = $state('');

  acknowledge = (id: string) => this.send(() => acknowledgeAlarm(id));
  resolve = (id: string) => this.send(() => resolveAlarm(id));

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
