import type { Clock } from '@capstan/core';

export interface ExpiringCache<Value> {
  /** The value of `key`, asked for once however many wait for it. Null is remembered by nobody: what is made next is found at once. */
  get(key: string, load: () => Promise<Value | null>): Promise<Value | null>;
  delete(key: string): void;
}

interface Entry<Value> {
  value: Promise<Value | null>;
  loadedAt: number;
  isRefreshing: boolean;
}

/**
 * A small cache that forgets the least recently loaded beyond `maxItems`. A value is fresh for `ttlMs`; for as long again it is still given out while
 * a new one is fetched, so that a busy key never makes its callers wait. Nothing older than twice `ttlMs` is ever given.
 */
export function createExpiringCache<Value>(options: { clock: Clock; ttlMs: number; maxItems: number }): ExpiringCache<Value> {
  const { clock, ttlMs, maxItems } = options;
  const entries = new Map<string, Entry<Value>>();

  function store(key: string, value: Promise<Value | null>): Promise<Value | null> {
    const entry: Entry<Value> = { value, loadedAt: clock.now().getTime(), isRefreshing: false };
    const forget = () => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    value.then((loaded) => loaded === null && forget(), forget);
    entries.delete(key);
    entries.set(key, entry);
    const [oldest] = entries.keys();
    if (entries.size > maxItems && oldest !== undefined) entries.delete(oldest);
    return value;
  }

  /** The old value stays in place until the new one is there; deleted meanwhile, it stays deleted. */
  function refresh(key: string, entry: Entry<Value>, load: () => Promise<Value | null>): void {
    entry.isRefreshing = true;
    load().then(
      (loaded) => {
        if (entries.get(key) === entry) void store(key, Promise.resolve(loaded));
      },
      () => {
        entry.isRefreshing = false;
      },
    );
  }

  return {
    get(key, load) {
      const entry = entries.get(key);
      const age = entry ? clock.now().getTime() - entry.loadedAt : Number.POSITIVE_INFINITY;
      if (!entry || age >= 2 * ttlMs) return store(key, load());
      if (age >= ttlMs && !entry.isRefreshing) refresh(key, entry, load);
      return entry.value;
    },
    delete: (key) => void entries.delete(key),
  };
}
