import type { Clock } from '@capstan/core';
import type { Database, PoolUsage } from '@capstan/db';
import { createExpiringCache } from '../expiring-cache.ts';

/** A longer queue is not counted for everybody who looks. */
const LONG_QUEUE = 1_000;
const TTL_MS = 5_000;

/** What holds a pool and waits for it, as it is now, but for the length of a long queue, which is remembered. */
export function createUsageReader({ pools }: Pick<Database, 'pools'>, clock: Clock): (poolId: string) => Promise<PoolUsage> {
  const longQueues = createExpiringCache<PoolUsage>({ clock, ttlMs: TTL_MS, maxItems: 1_000 });
  return async (poolId) => {
    const now = await pools.usage(poolId, LONG_QUEUE);
    if (now.queued < LONG_QUEUE) return now;
    const whole = await longQueues.get(poolId, () => pools.usage(poolId));
    return { ...now, queued: Math.max(now.queued, whole?.queued ?? 0) };
  };
}
