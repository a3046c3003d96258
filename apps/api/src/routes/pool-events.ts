import { listPoolEventsQuerySchema, type PoolEventObject } from '@capstan/core';
import type { PoolEvent } from '@capstan/db';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { endpoint, pathPart } from '../http/endpoint.ts';
import { readQuery } from '../http/read-query.ts';
import { resource } from '../http/resource.ts';
import { toList } from '../rest/to-list.ts';
import { unixTime } from '../rest/unix-time.ts';
import { findPool } from './pools.ts';

/** What became of a pool, newest first: the autoscaler's decisions and what operators did. */
export function poolEventRoutes(router: Router, context: ApiContext): void {
  const get = endpoint(context.authenticate, 'viewer', async ({ request, response }) => {
    const page = readQuery(request, listPoolEventsQuerySchema);
    const { id: poolId } = await findPool(context, pathPart(request, 'poolId'));
    const { events, hasMore } = await context.db.poolEvents.list({ poolId, ...page });
    response.json(toList(events.map(poolEventToRest), hasMore));
  });
  resource(router, '/v1/pools/:poolId/events', { get });
}

function poolEventToRest({ id, poolId, actor, action, reason, message, before, after, at }: PoolEvent): PoolEventObject {
  const about = { id, object: 'pool.event', created_at: unixTime(at), pool: poolId } as const;
  return { ...about, actor, action, reason, message, before: sizeOf(before), after: sizeOf(after) };
}

function sizeOf({ maxWorkers }: PoolEvent['before']): PoolEventObject['before'] {
  return { max_workers: maxWorkers };
}
