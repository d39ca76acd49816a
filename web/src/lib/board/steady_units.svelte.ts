// The units as the board needs them: who, which status, on what; four times a second at most. Positions come at the
// pace of the screen, and here nobody looks at them.
import { untrack } from 'svelte';
import type { Unit } from '../api/types';
import { live } from '../feed/live.svelte';
import { serverTime } from '../time/now.svelte';

export class SteadyUnits {
  byId = $state.raw<ReadonlyMap<string, Unit>>(new Map());

  /** Call while a component is made. */
  constructor() {
    $effect(() => {
      if (serverTime.tick_ms >= 0) untrack(() => (this.byId = live.units));
    });
  }

  readonly all: readonly Unit[] = $derived([...this.byId.values()]);
}
