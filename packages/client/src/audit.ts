import { type AuditEventObject, auditEventObjectSchema, type List, listSchema } from '@capstan/core';
import type { RequestOptions, Transport } from './transport.ts';

/** For operators. */
export interface AuditClient {
  /** Newest first. */
  list(page?: { after?: string | undefined; limit?: number | undefined }, options?: RequestOptions): Promise<List<AuditEventObject>>;
}

const auditList = listSchema(auditEventObjectSchema);

export function auditClient({ request }: Transport): AuditClient {
  return { list: (page, options) => request(auditList, { method: 'GET', path: '/audit_events', query: { ...page }, ...options }) };
}
