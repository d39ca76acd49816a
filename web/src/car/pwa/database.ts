// The browser's database, by promises: a transaction is over, and on the disk, when its promise resolves.
export const STORES = { kept: 'kept', journals: 'journals', outbox: 'outbox', presses: 'presses' } as const;
type Store = keyof typeof STORES;

const NAME = 'patrol-car';
const VERSION = 1;

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const database = request.result;
      database.createObjectStore(STORES.kept);
      database.createObjectStore(STORES.journals, { keyPath: 'duty_id' });
      database.createObjectStore(STORES.outbox, { keyPath: ['duty_id', 'seq'] });
      database.createObjectStore(STORES.presses, { keyPath: 'n', autoIncrement: true });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('indexedDB'));
  });
}

let database: Promise<IDBDatabase> | null = null;

/** The answer of one request. Await nothing else inside a transaction: it would end. */
export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('indexedDB'));
  });
}

/** Carries `work` out as a whole or not at all; gives its result once that is on the disk. */
export async function transaction<T>(
  stores: readonly Store[],
  mode: IDBTransactionMode,
  work: (store: (name: Store) => IDBObjectStore) => Promise<T>,
): Promise<T> {
  database ??= opened().catch((error: unknown) => {
    database = null;
    throw error;
  });
  const under_way = (await database).transaction([...stores], mode, { durability: 'strict' });
  const over = new Promise<void>((resolve, reject) => {
    under_way.oncomplete = () => resolve();
    under_way.onabort = () => reject(under_way.error ?? new Error('indexedDB: aborted'));
  });
  over.catch(() => undefined); // told below, unless `work` itself failed first
  try {
    const result = await work((name) => under_way.objectStore(name));
    await over;
    return result;
  } catch (error) {
    try {
      under_way.abort();
    } catch {
      // it is over already
    }
    throw error;
  }
}

/** A single value by name. */
export const keep = (name: string, value: unknown) =>
  transaction(['kept'], 'readwrite', async (store) => void (await answer(store('kept').put(value, name))));

export const recall = <T>(name: string) =>
  transaction(['kept'], 'readonly', (store) => answer(store('kept').get(name) as IDBRequest<T | undefined>));

export const forget = (name: string) =>
  transaction(['kept'], 'readwrite', async (store) => void (await answer(store('kept').delete(name))));
