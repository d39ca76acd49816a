// The browser's database, by promises: a transaction is over, and on the disk, when its promise resolves.
import { isRange, STORES, type Key, type Range, type Run, type Shelf } from './shelf';

const NAME = 'patrol-car';
const VERSION = 1;

let database: Promise<IDBDatabase> | null = null;

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const made = request.result;
      made.createObjectStore(STORES.kept);
      made.createObjectStore(STORES.journals, { keyPath: 'duty_id' });
      made.createObjectStore(STORES.outbox, { keyPath: ['duty_id', 'seq'] });
      made.createObjectStore(STORES.presses, { keyPath: 'n', autoIncrement: true });
    };
    request.onsuccess = () => {
      const found = request.result;
      // A phone that is short of memory, or whose owner clears data, closes it under the page.
      found.onclose = () => (database = null);
      found.onversionchange = () => {
        found.close();
        database = null;
      };
      resolve(found);
    };
    request.onerror = () => reject(request.error ?? new Error('indexedDB'));
    request.onblocked = () => reject(new Error('indexedDB: another page holds an older one'));
  });
}

/** A transaction; opens the database once more where it was closed and nobody said so. */
async function begun(stores: readonly string[], mode: IDBTransactionMode): Promise<IDBTransaction> {
  for (let again = false; ; again = true) {
    database ??= opened().catch((error: unknown) => {
      database = null;
      throw error;
    });
    try {
      return (await database).transaction([...stores], mode, { durability: 'strict' });
    } catch (error) {
      if (again || (error as Error).name !== 'InvalidStateError') throw error;
      database = null;
    }
  }
}

/** The answer of one request. Await nothing else inside a transaction: it would end. */
function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('indexedDB'));
  });
}

const bound = ({ from, to }: Range) => IDBKeyRange.bound(from as IDBValidKey, to as IDBValidKey);
const query = (what: Key | Range) => (isRange(what) ? bound(what) : (what as IDBValidKey));

const shelfOf = (store: IDBObjectStore): Shelf => ({
  get: (key) => answer<unknown>(store.get(key as IDBValidKey)),
  getAll: (range, limit) => answer<unknown[]>(store.getAll(range ? bound(range) : null, limit)),
  put: async (value, key) => void (await answer(store.put(value, key as IDBValidKey | undefined))),
  add: async (value) => void (await answer(store.add(value))),
  delete: (what) => answer(store.delete(query(what))),
  count: (range) => answer(store.count(range ? bound(range) : undefined)),
});

export const diskRun: Run = async (stores, mode, work) => {
  const under_way = await begun(stores, mode);
  const over = new Promise<void>((resolve, reject) => {
    under_way.oncomplete = () => resolve();
    under_way.onabort = () => reject(under_way.error ?? new Error('indexedDB: aborted'));
  });
  over.catch(() => undefined); // told below, unless `work` itself failed first
  try {
    const result = await work((name) => shelfOf(under_way.objectStore(name)));
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
};
