import { type Deleted, deletedSchema, type SessionObject, sessionObjectSchema } from '@capstan/core';
import type { RequestOptions, Transport } from './transport.ts';

/** For browsers: the session lives in a cookie that scripts cannot read. */
export interface SessionClient {
  create(apiKey: string, options?: RequestOptions): Promise<SessionObject>;
  /** Who asks, and what they may do; with a key too. */
  retrieve(options?: RequestOptions): Promise<SessionObject>;
  delete(options?: RequestOptions): Promise<Deleted>;
}

const PATH = '/session';

export function sessionClient({ request }: Transport): SessionClient {
  return {
    create: (apiKey, options) => request(sessionObjectSchema, { method: 'POST', path: PATH, json: { api_key: apiKey }, ...options }),
    retrieve: (options) => request(sessionObjectSchema, { method: 'GET', path: PATH, ...options }),
    delete: (options) => request(deletedSchema, { method: 'DELETE', path: PATH, ...options }),
  };
}
