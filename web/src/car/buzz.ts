/** Shakes the device, where it can. Before the first touch of a page browsers refuse it, and write so into their log. */
export function buzz(pattern: number | number[]): void {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(pattern);
}
