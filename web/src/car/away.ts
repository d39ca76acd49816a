// Why the unit is out of service, in the words of this screen: what was chosen here travels as its Chinese text.
import { REASONS_AWAY } from './backend';
import { inChinese, named } from './texts.svelte';

export function awayReason(given: string | null | undefined): string | null {
  const known = REASONS_AWAY.find((one) => inChinese(`car_away_${one}`) === given || one === given);
  return known ? named('car_away', known) : (given ?? null);
}
