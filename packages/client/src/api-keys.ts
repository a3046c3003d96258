import {
  type ApiKeyObject,
  apiKeyObjectSchema,
  type CreateApiKeyRequest,
  type Deleted,
  deletedSchema,
  type List,
  listSchema,
} from '@capstan/core';
import { type RequestOptions, segment, type Transport } from './transport.ts';

/** For admins. */
export interface ApiKeysClient {
  /** The answer is the only one that ever holds the key itself. */
  create(request: CreateApiKeyRequest, options?: RequestOptions): Promise<ApiKeyObject>;
  list(options?: RequestOptions): Promise<List<ApiKeyObject>>;
  delete(id: string, options?: RequestOptions): Promise<Deleted>;
}

const apiKeyList = listSchema(apiKeyObjectSchema);

export function apiKeysClient({ request }: Transport): ApiKeysClient {
  return {
    create: (json, options) => request(apiKeyObjectSchema, { method: 'POST', path: '/api_keys', json, ...options }),
    list: (options) => request(apiKeyList, { method: 'GET', path: '/api_keys', ...options }),
    delete: (id, options) => request(deletedSchema, { method: 'DELETE', path: `/api_keys/${segment(id)}`, ...options }),
  };
}
