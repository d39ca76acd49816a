// The title of the browser's tab: an SOS is seen there from another window.
import { live } from '../feed/live.svelte';
import { emergencies } from './raised';

export function titled(title: string): string {
  const count = emergencies(live.alarms.values()).length;
  return count ? `(${count}) SOS · ${title}` : title;
}
