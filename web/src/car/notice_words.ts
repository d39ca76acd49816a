// What a message of the control room says: in this screen's own words where it has some for its code, else as it came.
import type { Notice } from './backend';
import { named } from './texts.svelte';

export function noticeWords({ code, text }: Notice): string {
  const words = code ? named('car_notice', code) : text;
  return words === code ? text : words;
}
