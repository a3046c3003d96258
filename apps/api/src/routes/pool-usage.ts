import { type Pool, type PoolUsageObject, poolUsageQuerySchema } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { createExpiringCache } from '../expiring-cache.ts';
import { endpoint, pathPart } from '../http/endpoint.ts';
import { readQuery } from '../http/read-query.ts';
import { resource } from '../http/resource.ts';
import { unixTime } from '../rest/unix-time.ts';
import { findPool } from './pools.ts';

const HOUR_MS = 60 * 60_000;
/** As many as a chart has room for. */
const BUCKETS = 90;
/** Everybody who looks at a pool looks every few seconds. */
const TTL_MS = 10_000;

/** What the jobs of a pool held over the last hours, in 90 spans. */
export function poolUsageRoutes(router: Router, context: ApiContext): void {
  const { authenticate, clock, db } = context;
  const kept = createExpiringCache<PoolUsageObject>({ clock, ttlMs: TTL_MS, maxItems: 1_000 });

  async function read({ id, gpusPerWorker }: Pool, hours: number): Promise<PoolUsageObject> {
    const bucketMs = (hours * HOUR_MS) / BUCKETS;
    const to = clock.now();
    const first = Math.floor(to.getTime() / bucketMs) - BUCKETS + 1;
    const buckets = await db.pools.history({ poolId: id, from: new Date(first * bucketMs), to, bucketMs });
    return {
      object: 'pool.usage',
      pool: id,
      unit: gpusPerWorker === 0 ? 'worker' : 'gpu',
      bucket_seconds: bucketMs / 1_000,
      data: buckets.map(({ bucket, average, peak }) => ({ start: unixTime(new Date((first + bucket) * bucketMs)), average, peak })),
    };
  }

  const get = endpoint(authenticate, 'viewer', async ({ request, response }) => {
    const { hours } = readQuery(request, poolUsageQuerySchema);
    const pool = await findPool(context, pathPart(request, 'poolId'));
    response.json(await kept.get(`${pool.id}/${hours}`, () => read(pool, hours)));
  });
  resource(router, '/v1/pools/:poolId/usage', { get });
}
