// Acknowledging and resolving an alarm, with what went wrong.
import { acknowledgeAlarm, resolveAlarm } from '../api/calls';
import { Sending } from '../api/sending.svelte';

export class Answer extends Sending {
  acknowledge = (id: string) => this.send(() => acknowledgeAlarm(id));
  resolve = (id: string) => this.send(() => resolveAlarm(id));
}
