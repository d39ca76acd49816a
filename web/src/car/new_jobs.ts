// Which orders are news to this screen: each is told once, over reloads too, until somebody touches it away.
import type { Order } from './backend';

const STORED_AS = 'patrol.car.told';
const KEPT = 50;

interface Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export class NewJobs {
  private told: string[];

  constructor(private readonly store: Store) {
    this.told = read(store);
  }

  /** The orders that nobody was told of and nobody has answered. */
  news(orders: readonly Order[]): Order[] {
    return orders.filter(({ assignment_id, step }) => step === null && !this.told.includes(assignment_id));
  }

  tell(assignment_id: string): void {
    if (this.told.includes(assignment_id)) return;
    this.told = [...this.told, assignment_id].slice(-KEPT);
    this.store.setItem(STORED_AS, JSON.stringify(this.told));
  }
}

function read(store: Store): string[] {
  try {
    const value: unknown = JSON.parse(store.getItem(STORED_AS) ?? '[]');
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
