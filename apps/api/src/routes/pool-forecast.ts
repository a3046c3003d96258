import { poolForecastQuerySchema } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { forecast } from '../forecast.ts';
import { endpoint, pathPart } from '../http/endpoint.ts';
import { readQuery } from '../http/read-query.ts';
import { resource } from '../http/resource.ts';
import { findPool } from './pools.ts';

/** What will happen in a pool, as it is or as it might be. */
export function poolForecastRoutes(router: Router, context: ApiContext): void {
  const get = endpoint(context.authenticate, 'viewer', async ({ request, response, caller }) => {
    const query = readQuery(request, poolForecastQuerySchema);
    const pool = await findPool(context, pathPart(request, 'poolId'));
    const { limit, max_workers: maxWorkers = pool.maxWorkers, paused = String(pool.paused) } = query;
    const supposed = { ...pool, maxWorkers, paused: paused === 'true' };
    response.json(await forecast(context, { pool: supposed, projectId: caller.projectId, limit }));
  });
  resource(router, '/v1/pools/:poolId/forecast', { get });
}
