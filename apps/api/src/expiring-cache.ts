import type { Clock } from '@capstan/core';

export interface ExpiringCache<Value> {
  /** The value of `key`, asked for once however many wait for it. Null is remembered by nobody: what is made next is found at once. */
  get(key: string, load: () => Promise<Value | null>): Promise<Value | null>;
  delete(key: string): void;
}

/** A small cache that forgets after `ttlMs`, and the least recently stored beyond `maxItems`. */
export function createExpiringCache<Value>(options: { clock: Clock; ttlMs: number; maxItems: number }): ExpiringCache<Value> {
  const { clock, ttlMs, maxItems } = options;
  const entries = new Map<string, { value: Promise<Value | null>; expiresAt: number }>();
  return {
    get(key, load) {
      const now = clock.now().getTime();
      const found = entries.get(key);
      if (found && found.expiresAt > now) return found.value;
      const value = load();
      const forget = () => {
        if (entries.get(key)?.value === value) entries.delete(key);
      };
      value.then((loaded) => loaded === null && forget(), forget);
      entries.delete(key);
      entries.set(key, { value, expiresAt: now + ttlMs });
      const [oldest] = entries.keys();
      if (entries.size > maxItems && oldest !== undefined) entries.delete(oldest);
      return value;
    },
    delete: (key) => void entries.delete(key),
  };
}
