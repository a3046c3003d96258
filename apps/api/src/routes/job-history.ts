import { curveQuerySchema } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { endpoint, pathPart } from '../http/endpoint.ts';
import { readQuery } from '../http/read-query.ts';
import { resource } from '../http/resource.ts';
import { sendJson } from '../http/send-json.ts';
import { attemptToRest } from '../rest/attempt-to-rest.ts';
import { curveToRest } from '../rest/curve-to-rest.ts';
import { toPlainList } from '../rest/to-list.ts';
import { findJob } from './find-job.ts';

/** Of a job, newest first: enough to tell what each attempt had saved. */
const MOST_CHECKPOINTS = 1_000;

/** A job's run as a whole: its curves and its attempts. */
export function jobHistoryRoutes(router: Router, context: ApiContext): void {
  const { authenticate, db } = context;

  const curve = endpoint(authenticate, 'viewer', async ({ request, response, caller }) => {
    const { points } = readQuery(request, curveQuerySchema);
    const { id } = await findJob(context, caller.projectId, pathPart(request, 'jobId'));
    sendJson(response, curveToRest(await db.metrics.curve(id, points)));
  });

  const attempts = endpoint(authenticate, 'viewer', async ({ request, response, caller }) => {
    const { id } = await findJob(context, caller.projectId, pathPart(request, 'jobId'));
    const [entries, usage, { checkpoints }] = await Promise.all([
      db.ledger.listForJob(id),
      db.usage.listForJob(id),
      db.checkpoints.list(id, { limit: MOST_CHECKPOINTS }),
    ]);
    sendJson(response, toPlainList(entries.map((entry) => attemptToRest(entry, { entries, usage, checkpoints }))));
  });

  resource(router, '/v1/fine_tuning/jobs/:jobId/curve', { get: curve });
  resource(router, '/v1/fine_tuning/jobs/:jobId/attempts', { get: attempts });
}
