import { type List, listSchema, type PoolObject, poolObjectSchema, type UpdatePoolRequest } from '@capstan/core';
import { type RequestOptions, segment, type Transport } from './transport.ts';

export interface PoolsClient {
  retrieve(id: string, options?: RequestOptions): Promise<PoolObject>;
  list(options?: RequestOptions): Promise<List<PoolObject>>;
  /** Give the `version` you saw to change only that one; a conflict otherwise. */
  update(id: string, patch: UpdatePoolRequest, options?: RequestOptions): Promise<PoolObject>;
}

const poolList = listSchema(poolObjectSchema);

export function poolsClient({ request }: Transport): PoolsClient {
  return {
    retrieve: (id, options) => request(poolObjectSchema, { method: 'GET', path: `/pools/${segment(id)}`, ...options }),
    list: (options) => request(poolList, { method: 'GET', path: '/pools', ...options }),
    update: (id, json, options) => request(poolObjectSchema, { method: 'PATCH', path: `/pools/${segment(id)}`, json, ...options }),
  };
}
