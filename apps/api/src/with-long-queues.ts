import type { Clock } from '@capstan/core';
import { createExpiringCache } from './expiring-cache.ts';

/** A longer queue is not counted for everybody who looks. */
const LONG = 1_000;
const TTL_MS = 5_000;

/** What `read` finds now, but for the length of a long queue, which is remembered; `read` counts up to its second argument, or all. */
export function withLongQueues<Name extends string, Usage extends Record<Name, number>>(
  name: Name,
  read: (id: string, countTo?: number) => Promise<Usage>,
  clock: Clock,
): (id: string) => Promise<Usage> {
  const kept = createExpiringCache<Usage>({ clock, ttlMs: TTL_MS, maxItems: 1_000 });
  return async (id) => {
    const now = await read(id, LONG);
    if (now[name] < LONG) return now;
    const whole = await kept.get(id, () => read(id));
    return { ...now, [name]: Math.max(now[name], whole?.[name] ?? 0) };
  };
}
