import { NotFoundError, type Pool, type UpdatePoolRequest, updatePoolRequestSchema } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { type Exchange, endpoint, pathPart } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { resource } from '../http/resource.ts';
import { validate } from '../http/validate.ts';
import { poolToRest } from '../rest/pool-to-rest.ts';
import { toList } from '../rest/to-list.ts';

export function poolRoutes(router: Router, context: ApiContext): void {
  const { authenticate, db, lookups, settings } = context;
  const show = async (pool: Pool) => poolToRest(pool, { ...(await db.pools.usage(pool.id)) });

  async function update({ request, response }: Exchange) {
    const { value } = await readJsonBody(request, settings.maxJsonBytes);
    const { version, ...patch } = validate(updatePoolRequestSchema, value);
    const pool = await findPool(context, pathPart(request, 'poolId'));
    const changed = await db.pools.update(pool.id, toPatch(patch), version ?? pool.version);
    lookups.forgetPool(pool.id);
    response.json(await show(changed));
  }

  resource(router, '/v1/pools', {
    get: endpoint(authenticate, 'viewer', async ({ response }) => {
      response.json(toList(await Promise.all((await db.pools.list()).map(show)), false));
    }),
  });
  resource(router, '/v1/pools/:poolId', {
    get: endpoint(authenticate, 'viewer', async ({ request, response }) => {
      response.json(await show(await findPool(context, pathPart(request, 'poolId'))));
    }),
    patch: endpoint(authenticate, 'operator', update),
  });
}

async function findPool({ db }: ApiContext, id: string): Promise<Pool> {
  const pool = await db.pools.get(id);
  if (pool) return pool;
  throw new NotFoundError(`There is no pool '${id}'. GET /v1/pools lists them.`, { param: 'pool_id', reason: 'pool_not_found' });
}

function toPatch(patch: Omit<UpdatePoolRequest, 'version'>) {
  return {
    ...(patch.max_workers === undefined ? {} : { maxWorkers: patch.max_workers }),
    ...(patch.min_ready === undefined ? {} : { minReady: patch.min_ready }),
    ...(patch.price_per_gpu_hour === undefined ? {} : { pricePerGpuHour: patch.price_per_gpu_hour }),
    ...(patch.paused === undefined ? {} : { paused: patch.paused }),
    ...(patch.memory_mib === undefined ? {} : { memoryMiB: patch.memory_mib }),
  };
}
