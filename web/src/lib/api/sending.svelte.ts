// One request at a time of a button or two, with what went wrong in words.
import { failureText } from '../text/failure';
import { NoAnswer, Refusal } from './problem';

export class Sending {
  busy = $state(false);
  failure = $state('');

  protected async send(request: () => Promise<unknown>): Promise<void> {
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
