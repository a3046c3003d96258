import {
  type AdapterFileObject,
  listCheckpointsQuerySchema,
  listEventsQuerySchema,
  listLogsQuerySchema,
  listMetricsQuerySchema,
  NotFoundError,
} from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { type Exchange, endpoint, pathPart } from '../http/endpoint.ts';
import { readQuery } from '../http/read-query.ts';
import { resource } from '../http/resource.ts';
import { sendArtifact } from '../http/send-artifact.ts';
import { sendJson } from '../http/send-json.ts';
import { checkpointToRest, eventToRest, logToRest, metricToRest } from '../rest/records-to-rest.ts';
import { toList, toPlainList } from '../rest/to-list.ts';
import { findJob, unknownCursor } from './find-job.ts';

/** What a job has left behind so far. */
export function jobRecordRoutes(router: Router, context: ApiContext): void {
  const { authenticate, db } = context;
  const jobOf = ({ request, caller }: Exchange) => findJob(context, caller.projectId, pathPart(request, 'jobId'));
  const get = (path: string, respond: (exchange: Exchange) => Promise<unknown>) =>
    resource(router, `/v1/fine_tuning/jobs/:jobId${path}`, { get: endpoint(authenticate, 'viewer', respond) });

  get('/events', async (exchange) => {
    const { after, limit } = readQuery(exchange.request, listEventsQuerySchema);
    const { events, hasMore } = await db.events.list((await jobOf(exchange)).id, { after, limit });
    // Every job has a first event, the end of every walk; a page without any began at no event of this job.
    if (after !== undefined && events.length === 0 && !/^ftevent-[0-9a-z]{24}$/.test(after)) throw unknownCursor();
    sendJson(exchange.response, toList(events.map(eventToRest), hasMore));
  });

  get('/checkpoints', async (exchange) => {
    const { after, limit } = readQuery(exchange.request, listCheckpointsQuerySchema);
    const job = await jobOf(exchange);
    const { checkpoints, hasMore } = await db.checkpoints.list(job.id, { after, limit });
    if (after !== undefined && checkpoints.length === 0 && !/^ftckpt-[0-9a-z]{24}$/.test(after)) throw unknownCursor();
    sendJson(
      exchange.response,
      toList(
        checkpoints.map((checkpoint) => checkpointToRest(checkpoint, job.spec.model)),
        hasMore,
      ),
    );
  });

  get('/metrics', async (exchange) => {
    const { after, limit } = readQuery(exchange.request, listMetricsQuerySchema);
    const metrics = await db.metrics.list((await jobOf(exchange)).id, { afterSeq: after, limit: limit + 1 });
    sendJson(exchange.response, toPlainList(metrics.slice(0, limit).map(metricToRest), metrics.length > limit));
  });

  get('/logs', async (exchange) => {
    const { after, limit, attempt, tail } = readQuery(exchange.request, listLogsQuerySchema);
    const { id } = await jobOf(exchange);
    const isTail = tail === 'true';
    const lines = await (isTail ? db.logs.tail(id, { attempt, limit: limit + 1 }) : db.logs.list(id, { attempt, after, limit: limit + 1 }));
    const page = isTail ? lines.slice(-limit) : lines.slice(0, limit);
    sendJson(exchange.response, toPlainList(page.map(logToRest), lines.length > limit));
  });

  get('/adapter', async (exchange) => {
    const model = await trainedModel(context, exchange);
    const files = model.artifacts.map((file): AdapterFileObject => ({ ...file, object: 'fine_tuning.job.adapter_file' }));
    sendJson(exchange.response, toPlainList(files));
  });

  get('/adapter/:path', async (exchange) => {
    const path = pathPart(exchange.request, 'path');
    const file = (await trainedModel(context, exchange)).artifacts.find((artifact) => artifact.path === path);
    if (!file) throw new NotFoundError(`The model of this job has no file '${path}'.`, { param: 'path', reason: 'file_not_found' });
    await sendArtifact(context, exchange.response, { ...file, filename: path });
  });
}

async function trainedModel(context: ApiContext, { request, caller }: Exchange) {
  const job = await findJob(context, caller.projectId, pathPart(request, 'jobId'));
  const model = job.fineTunedModel === null ? null : await context.lookups.model(caller.projectId, job.fineTunedModel);
  if (model) return model;
  const why = job.fineTunedModel === null ? `the job is ${job.status}` : 'it was deleted';
  throw new NotFoundError(`Job '${job.id}' has no model: ${why}.`, { param: 'fine_tuning_job_id', reason: 'model_not_found' });
}
