// The open incidents in the order in which they need somebody's eye, steady while a hand is on the list.
import { tick, untrack } from 'svelte';
import type { Incident } from '../api/types';
import { live } from '../feed/live.svelte';
import { allLateness } from './lateness.svelte';
import { reordered, riskOf } from './risk_order';

/** After the last key or the last move of the pointer on the list: long enough to read a row, and a pointer that was left
 *  there does not stop the list for the night. */
const STILL_MS = 8_000;

export class Queue {
  private ids = $state.raw<readonly string[]>([]);
  private held = $state(false);
  private timer: ReturnType<typeof setTimeout> | undefined;

  readonly incidents: readonly Incident[] = $derived(this.ids.flatMap((id) => live.incidents.get(id) ?? []));

  /** Keeps the order; call it in an effect. Gives the function that ends it. */
  watch(): () => void {
    const end = allLateness.watch();
    $effect(() => {
      const wanted = [...live.incidents.values()].map((incident) => ({
        id: incident.id,
        received_at: incident.received_at,
        risk: riskOf(incident, allLateness.byId.get(incident.id)),
      }));
      const held = this.held;
      untrack(() => this.show(reordered(this.ids, wanted, held)));
    });
    return () => {
      end();
      clearTimeout(this.timer);
    };
  }

  /** A hand is on the list, by key or by pointer. */
  touched(): void {
    this.held = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.held = false), STILL_MS);
  }

  /** An attachment for the list: while the pointer moves on it nothing else does. */
  readonly hold = (node: HTMLElement): (() => void) => {
    const moved = () => this.touched();
    const left = () => {
      clearTimeout(this.timer);
      this.held = false;
    };
    node.addEventListener('pointermove', moved);
    node.addEventListener('pointerleave', left);
    return () => {
      node.removeEventListener('pointermove', moved);
      node.removeEventListener('pointerleave', left);
    };
  };

  private show(ids: readonly string[]): void {
    if (ids.join() === this.ids.join()) return;
    const focused = document.activeElement;
    this.ids = ids;
    // A row that is moved in the page loses the focus that it had.
    void tick().then(() => {
      if (focused instanceof HTMLElement && focused.isConnected && document.activeElement === document.body) {
        focused.focus({ preventScroll: true });
      }
    });
  }
}
