// What is done about an alarm, one request at a time, with what went wrong.
import { acknowledgeAlarm, resolveAlarm } from '../api/calls';
import { Sending } from '../api/sending.svelte';
import { sendHelp } from './calls';

export class Answer extends Sending {
  acknowledge = (id: string) => this.send(() => acknowledgeAlarm(id));
  resolve = (id: string) => this.send(() => resolveAlarm(id));
  help = (id: string, unitId: string) => this.send(() => sendHelp(id, unitId));
  /** Something of several steps. */
  act = (steps: () => Promise<unknown>) => this.send(steps);
}
