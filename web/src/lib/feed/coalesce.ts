// Keeps the newest position per unit until the next frame of the screen is drawn.
import type { UnitPosition } from './messages';

export class PositionBuffer {
  private newest = new Map<string, UnitPosition>();

  /** True where the buffer was empty before, so that one frame is asked for and not one per message. */
  add(items: readonly UnitPosition[]): boolean {
    const wasEmpty = this.newest.size === 0;
    for (const item of items) {
      const held = this.newest.get(item.unit_id);
      if (!held || Date.parse(held.fixed_at) <= Date.parse(item.fixed_at)) this.newest.set(item.unit_id, item);
    }
    return wasEmpty && this.newest.size > 0;
  }

  take(): UnitPosition[] {
    const items = [...this.newest.values()];
    this.newest = new Map();
    return items;
  }
}
