import {
  type CreatePoolRequest,
  type List,
  listSchema,
  type PoolEventObject,
  type PoolForecastObject,
  type PoolObject,
  type PoolUsageObject,
  poolEventObjectSchema,
  poolForecastObjectSchema,
  poolObjectSchema,
  poolUsageObjectSchema,
  type UpdatePoolRequest,
} from '@capstan/core';
import { type RequestOptions, segment, type Transport } from './transport.ts';

export interface ForecastQuestion {
  /** Jobs of the queue that are listed; 200 where it is left out. */
  limit?: number | undefined;
  maxWorkers?: number | undefined;
  paused?: boolean | undefined;
}

export interface PoolsClient {
  retrieve(id: string, options?: RequestOptions): Promise<PoolObject>;
  list(options?: RequestOptions): Promise<List<PoolObject>>;
  create(request: CreatePoolRequest, options?: RequestOptions): Promise<PoolObject>;
  /** Launches nothing more, and lets the pool's jobs save a checkpoint and pause. */
  drain(id: string, options?: RequestOptions): Promise<PoolObject>;
  /** What the autoscaler and operators changed, newest first. */
  events(
    id: string,
    page?: { after?: string | undefined; limit?: number | undefined },
    options?: RequestOptions,
  ): Promise<List<PoolEventObject>>;
  /** What the pool's jobs held over the last hours, 24 by default. */
  usage(id: string, period?: { hours?: number | undefined }, options?: RequestOptions): Promise<PoolUsageObject>;
  /** When each queued job starts, as the pool is or as it is supposed to be. */
  forecast(id: string, question?: ForecastQuestion, options?: RequestOptions): Promise<PoolForecastObject>;
  /** Give the `version` you saw to change only that one; a conflict otherwise. */
  update(id: string, patch: UpdatePoolRequest, options?: RequestOptions): Promise<PoolObject>;
}

const poolList = listSchema(poolObjectSchema);
const eventList = listSchema(poolEventObjectSchema);

export function poolsClient({ request }: Transport): PoolsClient {
  return {
    retrieve: (id, options) => request(poolObjectSchema, { method: 'GET', path: `/pools/${segment(id)}`, ...options }),
    list: (options) => request(poolList, { method: 'GET', path: '/pools', ...options }),
    create: (json, options) => request(poolObjectSchema, { method: 'POST', path: '/pools', json, ...options }),
    drain: (id, options) => request(poolObjectSchema, { method: 'POST', path: `/pools/${segment(id)}/drain`, ...options }),
    events: (id, page, options) =>
      request(eventList, { method: 'GET', path: `/pools/${segment(id)}/events`, query: { ...page }, ...options }),
    usage: (id, { hours } = {}, options) =>
      request(poolUsageObjectSchema, { method: 'GET', path: `/pools/${segment(id)}/usage`, query: { hours }, ...options }),
    forecast: (id, { limit, maxWorkers, paused } = {}, options) => {
      const query = { limit, max_workers: maxWorkers, paused: paused === undefined ? undefined : String(paused) };
      return request(poolForecastObjectSchema, { method: 'GET', path: `/pools/${segment(id)}/forecast`, query, ...options });
    },
    update: (id, json, options) => request(poolObjectSchema, { method: 'PATCH', path: `/pools/${segment(id)}`, json, ...options }),
  };
}
