import { type AuditEventObject, listAuditEventsQuerySchema } from '@capstan/core';
import type { AuditRecord } from '@capstan/db';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { endpoint } from '../http/endpoint.ts';
import { readQuery } from '../http/read-query.ts';
import { resource } from '../http/resource.ts';
import { toList } from '../rest/to-list.ts';
import { unixTime } from '../rest/unix-time.ts';

/** What was changed with the keys of the caller's project, newest first. */
export function auditRoutes(router: Router, { authenticate, db }: ApiContext): void {
  resource(router, '/v1/audit_events', {
    get: endpoint(authenticate, 'operator', async ({ request, response, caller }) => {
      const page = readQuery(request, listAuditEventsQuerySchema);
      const { records, hasMore } = await db.audit.list({ projectId: caller.projectId, ...page });
      response.json(toList(records.map(auditToRest), hasMore));
    }),
  });
}

function auditToRest({ id, action, subject, before, after, apiKeyId, keyName, at }: AuditRecord): AuditEventObject {
  return { id, object: 'audit_event', created_at: unixTime(at), key: { id: apiKeyId, name: keyName }, action, subject, before, after };
}
