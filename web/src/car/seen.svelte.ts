// What somebody has touched away on this screen; kept over reloads.
const STORED_AS = 'patrol.car.seen';
const KEPT = 100;

export class Seen {
  private keys = $state.raw<string[]>([]);

  constructor(private readonly store: Storage) {
    try {
      const value: unknown = JSON.parse(store.getItem(STORED_AS) ?? '[]');
      if (Array.isArray(value)) this.keys = value.filter((one) => typeof one === 'string');
    } catch {
      // What another version or a torn write left there says nothing.
    }
  }

  has = (key: string) => this.keys.includes(key);

  add(key: string): void {
    this.keys = [...this.keys, key].slice(-KEPT);
    this.store.setItem(STORED_AS, JSON.stringify(this.keys));
  }
}
