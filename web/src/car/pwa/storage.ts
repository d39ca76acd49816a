// Whether this browser keeps what it is given, and the single values that it keeps by name. What it refuses stays in memory.
import type { Trouble } from '../backend';
import { diskRun } from './database';

class StorageHealth {
  trouble: Trouble | null = null;
  private readonly listeners = new Set<() => void>();

  watch(listen: () => void): () => void {
    this.listeners.add(listen);
    return () => this.listeners.delete(listen);
  }

  failed(error: unknown): void {
    if (!this.trouble) this.set({ code: 'storage', since_ms: Date.now(), detail: String(error) });
  }

  worked(): void {
    if (this.trouble) this.set(null);
  }

  private set(trouble: Trouble | null): void {
    this.trouble = trouble;
    for (const listen of this.listeners) listen();
  }
}

export const health = new StorageHealth();
const refused = new Map<string, unknown>();

export async function keep(name: string, value: unknown): Promise<void> {
  try {
    await diskRun(['kept'], 'readwrite', (shelf) => shelf('kept').put(value, name));
    refused.delete(name);
  } catch (error) {
    refused.set(name, value);
    health.failed(error);
  }
}

export async function recall<T>(name: string): Promise<T | undefined> {
  if (refused.has(name)) return refused.get(name) as T;
  try {
    return (await diskRun(['kept'], 'readonly', (shelf) => shelf('kept').get(name))) as T | undefined;
  } catch (error) {
    health.failed(error);
    return undefined;
  }
}

export async function forget(name: string): Promise<void> {
  refused.delete(name);
  try {
    await diskRun(['kept'], 'readwrite', (shelf) => shelf('kept').delete(name));
  } catch (error) {
    refused.set(name, undefined);
    health.failed(error);
  }
}
