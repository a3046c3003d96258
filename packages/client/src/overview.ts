import { type OverviewObject, overviewObjectSchema } from '@capstan/core';
import type { RequestOptions, Transport } from './transport.ts';

export interface OverviewClient {
  /** The project's jobs by state, and its last 24 hours. */
  retrieve(options?: RequestOptions): Promise<OverviewObject>;
}

export function overviewClient({ request }: Transport): OverviewClient {
  return { retrieve: (options) => request(overviewObjectSchema, { method: 'GET', path: '/overview', ...options }) };
}
