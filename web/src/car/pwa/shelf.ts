// A place where values lie under keys: a store of the browser's database, or the same in memory.
export const STORES = { kept: 'kept', journals: 'journals', outbox: 'outbox', presses: 'presses' } as const;
export type StoreName = keyof typeof STORES;
export type Key = string | number | readonly (string | number)[];

export interface Range {
  from: Key;
  to: Key;
}

export interface Shelf {
  get(key: Key): Promise<unknown>;
  /** In the order of the keys. */
  getAll(range?: Range | null, limit?: number): Promise<unknown[]>;
  /** `key` where the values do not hold it themselves. */
  put(value: unknown, key?: Key): Promise<void>;
  add(value: unknown): Promise<void>;
  delete(what: Key | Range): Promise<void>;
  count(range?: Range): Promise<number>;
}

/** Carries `work` out as a whole or not at all; gives its result once that is safe. */
export type Run = <T>(
  stores: readonly StoreName[],
  mode: IDBTransactionMode,
  work: (shelf: (name: StoreName) => Shelf) => Promise<T>,
) => Promise<T>;

export const isRange = (what: Key | Range): what is Range => typeof what === 'object' && 'from' in what;
