import { createJobRequestSchema, listJobsQuerySchema } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { describeWaitBriefly } from '../describe-wait.ts';
import { type Exchange, endpoint, pathPart } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { readQueryWithMetadata } from '../http/read-query.ts';
import { resource } from '../http/resource.ts';
import { sendJson } from '../http/send-json.ts';
import { validate } from '../http/validate.ts';
import { presentJob, presentJobs } from '../present-jobs.ts';
import { estimateToRest, jobToRest } from '../rest/job-to-rest.ts';
import { toList } from '../rest/to-list.ts';
import { planJob } from '../submission/plan-job.ts';
import { checkIdempotencyKey, submitJob } from '../submission/submit-job.ts';
import { findJob, unknownCursor } from './find-job.ts';
import { updateJob } from './job-priority.ts';

export function jobRoutes(router: Router, context: ApiContext): void {
  const { authenticate, clock, db, settings } = context;

  async function create({ request, response, caller }: Exchange) {
    const receivedAt = clock.now();
    const body = await readJsonBody(request, settings.maxJsonBytes);
    const idempotencyKey = checkIdempotencyKey(request.get('idempotency-key'));
    const sentBefore = request.get('x-stainless-retry-count');
    const retryCount = sentBefore === undefined ? null : Number(sentBefore) || 0;
    const job = await submitJob(context, { body, caller, idempotencyKey, retryCount, receivedAt });
    sendJson(response, jobToRest(job, await describeWaitBriefly(context, job)), 201);
  }

  async function list({ request, response, caller }: Exchange) {
    const query = readQueryWithMetadata(request, listJobsQuerySchema);
    const { after, limit, metadata, 'capstan[state]': state, 'capstan[pool]': poolId } = query;
    const { 'capstan[model]': model, 'capstan[search]': search, 'capstan[owner]': owner, 'capstan[sort]': sort } = query;
    const filter = { projectId: caller.projectId, after, limit, poolId, model, owner, search, sort, states: state && [state] };
    const page = await db.jobs.list({ ...filter, metadata: metadata === 'null' ? null : metadata });
    if (after !== undefined && page.jobs.length === 0 && !(await db.jobs.get(after, caller.projectId))) throw unknownCursor();
    sendJson(response, toList(await presentJobs(context, page.jobs), page.hasMore));
  }

  async function estimate({ request, response, caller }: Exchange) {
    const { value } = await readJsonBody(request, settings.maxJsonBytes);
    const plan = await planJob(context, caller, validate(createJobRequestSchema, value));
    sendJson(response, { object: 'fine_tuning.job.estimate', ...estimateToRest(plan.estimate) });
  }

  async function retrieve({ request, response, caller }: Exchange) {
    const job = await findJob(context, caller.projectId, pathPart(request, 'jobId'));
    sendJson(response, await presentJob(context, job));
  }

  resource(router, '/v1/fine_tuning/jobs', {
    post: endpoint(authenticate, 'submitter', create),
    get: endpoint(authenticate, 'viewer', list),
  });
  resource(router, '/v1/fine_tuning/jobs/estimate', { post: endpoint(authenticate, 'submitter', estimate) });
  resource(router, '/v1/fine_tuning/jobs/:jobId', { get: endpoint(authenticate, 'viewer', retrieve), patch: updateJob(context) });
}
