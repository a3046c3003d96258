import {
  autoscalePolicySchema,
  ConflictError,
  createPoolRequestSchema,
  describePoolChange,
  NotFoundError,
  type Pool,
  poolSchema,
  updatePoolRequestSchema,
} from '@capstan/core';
import type { Database } from '@capstan/db';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { auditAction } from '../audit-action.ts';
import { type Exchange, endpoint, pathPart } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { resource } from '../http/resource.ts';
import { validate } from '../http/validate.ts';
import { changeOf } from '../pools/change-of.ts';
import { checkSettings } from '../pools/check-settings.ts';
import { drainPool } from '../pools/drain-pool.ts';
import { poolFromRest } from '../pools/pool-from-rest.ts';
import { type PoolFacts, poolToRest } from '../rest/pool-to-rest.ts';
import { toList } from '../rest/to-list.ts';

interface Change {
  patchOf: (pool: Pool) => Partial<Pool>;
  version?: number | undefined;
}

const NO_POLICY = autoscalePolicySchema.parse({});

async function readFacts({ db, lookups }: ApiContext, poolId: string): Promise<PoolFacts> {
  const [usage, capacity] = await Promise.all([lookups.usage(poolId), db.poolCapacities.get(poolId)]);
  return { usage: { ...usage }, capacity };
}

/** What operators do to pools is written down with its before and after. */
export function poolRoutes(router: Router, context: ApiContext): void {
  const { authenticate, db, lookups, settings } = context;
  const show = async ({ caller }: Exchange, pool: Pool) => poolToRest(pool, await readFacts(context, pool.id), caller.role);
  const poolOf = ({ request }: Exchange) => findPool(context, pathPart(request, 'poolId'));
  const bodyOf = async ({ request }: Exchange) => (await readJsonBody(request, settings.maxJsonBytes)).value;

  async function create(exchange: Exchange) {
    const wanted = poolSchema.parse(poolFromRest(validate(createPoolRequestSchema, await bodyOf(exchange)), NO_POLICY));
    checkSettings(wanted);
    if (await db.pools.get(wanted.id)) {
      throw new ConflictError(`There is a pool '${wanted.id}' already: PATCH changes it.`, { param: 'id', reason: 'pool_exists' });
    }
    const pool = await db.pools.ensure(wanted);
    lookups.forgetPool(pool.id);
    await auditAction(db, exchange.caller, { name: 'pool.create', subject: pool.id, before: {}, after: wanted });
    exchange.response.status(201).json(await show(exchange, pool));
  }

  async function change(exchange: Exchange, action: string, { patchOf, version }: Change) {
    const pool = await poolOf(exchange);
    const changed = await db.pools.update(pool.id, patchOf(pool), version ?? pool.version);
    lookups.forgetPool(pool.id);
    await tellChange(db, action, pool, changed);
    await auditAction(db, exchange.caller, { name: action, subject: pool.id, ...changeOf(pool, changed) });
    return changed;
  }

  async function update(exchange: Exchange) {
    const { version, ...patch } = validate(updatePoolRequestSchema, await bodyOf(exchange));
    const patchOf = (pool: Pool) => {
      if (patch.settings) checkSettings({ launcher: pool.launcher, settings: patch.settings });
      return poolFromRest(patch, pool.autoscale);
    };
    exchange.response.json(await show(exchange, await change(exchange, 'pool.update', { patchOf, version })));
  }

  async function drain(exchange: Exchange) {
    const pool = await change(exchange, 'pool.drain', { patchOf: () => ({ paused: true }) });
    await drainPool(context, pool.id);
    exchange.response.json(await show(exchange, pool));
  }

  resource(router, '/v1/pools', {
    get: endpoint(authenticate, 'viewer', async (exchange) => {
      const pools = await db.pools.list();
      exchange.response.json(toList(await Promise.all(pools.map((pool) => show(exchange, pool))), false));
    }),
    post: endpoint(authenticate, 'operator', create),
  });
  resource(router, '/v1/pools/:poolId', {
    get: endpoint(authenticate, 'viewer', async (exchange) => void exchange.response.json(await show(exchange, await poolOf(exchange)))),
    patch: endpoint(authenticate, 'operator', update),
  });
  resource(router, '/v1/pools/:poolId/drain', { post: endpoint(authenticate, 'operator', drain) });
}

/** What everybody may know of it; who it was stands in the audit trail. */
async function tellChange({ poolEvents }: Pick<Database, 'poolEvents'>, action: string, before: Pool, after: Pool): Promise<void> {
  const message = describePoolChange(before, after, { isDrain: action === 'pool.drain' });
  if (message === '') return;
  const sizes = { before: { maxWorkers: before.maxWorkers }, after: { maxWorkers: after.maxWorkers } };
  await poolEvents.append({ poolId: after.id, actor: 'operator', action, reason: 'ByOperator', message, ...sizes });
}

export async function findPool({ db }: ApiContext, id: string): Promise<Pool> {
  const pool = await db.pools.get(id);
  if (pool) return pool;
  throw new NotFoundError(`There is no pool '${id}'. GET /v1/pools lists them.`, { param: 'pool_id', reason: 'pool_not_found' });
}
