// Whether it is day in Taiwan, and the order of the choices.
export type Choice = 'auto' | 'day' | 'night';
export const CHOICES: readonly Choice[] = ['auto', 'day', 'night'];

const DAY_FROM_H = 6;
const DAY_UNTIL_H = 18;
const TAIPEI_MS = 8 * 3_600_000;

/** Taiwan has no summer time; the sun rises between 5:05 and 6:40, and sets between 17:05 and 18:50. */
export function isDay(now_ms: number): boolean {
  const hour = new Date(now_ms + TAIPEI_MS).getUTCHours();
  return hour >= DAY_FROM_H && hour < DAY_UNTIL_H;
}

export const nextChoice = (choice: Choice): Choice => CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'auto';
