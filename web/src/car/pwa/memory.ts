// The same shelves in memory, for a browser that keeps nothing: gone with the page, and one transaction at a time.
import { isRange, STORES, type Key, type Range, type Run, type Shelf, type StoreName } from './shelf';

const KEY_OF: Record<StoreName, ((value: never) => Key) | null> = {
  kept: null,
  journals: ({ duty_id }: { duty_id: string }) => duty_id,
  outbox: ({ duty_id, seq }: { duty_id: string; seq: number }) => [duty_id, seq],
  presses: ({ n }: { n: number }) => n,
};

function compare(a: Key, b: Key): number {
  if (typeof a === 'object' && typeof b === 'object') {
    return a.map((part, place) => compare(part, b[place] ?? part)).find((one) => one !== 0) ?? 0;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

class MemoryShelf implements Shelf {
  private readonly rows: { key: Key; value: unknown }[] = [];
  private last_n = 0;

  constructor(private readonly name: StoreName) {}

  get = (key: Key) => Promise.resolve(structuredClone(this.within({ from: key, to: key })[0]?.value));
  getAll = (range?: Range | null, limit?: number) =>
    Promise.resolve(structuredClone(this.within(range).map(({ value }) => value).slice(0, limit)));
  count = (range?: Range) => Promise.resolve(this.within(range).length);

  async put(given: unknown, key?: Key): Promise<void> {
    const value: unknown = structuredClone(given);
    const own = key ?? KEY_OF[this.name]?.(value as never);
    if (own === undefined) throw new Error(`${this.name}: no key`);
    await this.delete(own);
    this.rows.push({ key: own, value });
    this.rows.sort((a, b) => compare(a.key, b.key));
  }

  add(value: unknown): Promise<void> {
    this.last_n += 1;
    return this.put({ ...(value as object), n: this.last_n });
  }

  delete(what: Key | Range): Promise<void> {
    for (const row of this.within(isRange(what) ? what : { from: what, to: what })) this.rows.splice(this.rows.indexOf(row), 1);
    return Promise.resolve();
  }

  private within(range?: Range | null) {
    return this.rows.filter(({ key }) => !range || (compare(key, range.from) >= 0 && compare(key, range.to) <= 0));
  }
}

export function memoryRun(): Run {
  const shelves = new Map(Object.values(STORES).map((name) => [name, new MemoryShelf(name)]));
  const open = (name: StoreName): Shelf => shelves.get(name) ?? new MemoryShelf(name);
  let before: Promise<unknown> = Promise.resolve();
  return (_stores, _mode, work) => {
    const mine = before.then(() => work(open));
    before = mine.catch(() => undefined);
    return mine;
  };
}
