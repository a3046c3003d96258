import { ConflictError, type FineTuningJob, type JobEvent } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { endpoint, pathPart } from '../http/endpoint.ts';
import { resource } from '../http/resource.ts';
import { sendJson } from '../http/send-json.ts';
import { presentJob } from '../present-jobs.ts';
import { enqueue } from '../submission/create-and-enqueue.ts';
import { retryJob } from '../submission/retry-job.ts';
import { findJob } from './find-job.ts';

interface Action {
  event: JobEvent;
  /** Statuses in which the wish is already fulfilled, or about to be: asking again changes nothing. */
  isDone: readonly FineTuningJob['status'][];
}

const ACTIONS: Record<'cancel' | 'pause' | 'resume', Action> = {
  cancel: { event: { type: 'cancelRequested' }, isDone: ['cancelling', 'cancelled'] },
  pause: { event: { type: 'pauseRequested' }, isDone: ['pausing', 'paused'] },
  resume: { event: { type: 'resumeRequested' }, isDone: ['queued', 'starting', 'running'] },
};

/** Cancel, pause, resume and retry: wishes, answered with the job as it is once they are written down. */
export function jobActionRoutes(router: Router, context: ApiContext): void {
  for (const [name, action] of Object.entries(ACTIONS)) {
    const post = endpoint(context.authenticate, 'submitter', async ({ request, response, caller }) => {
      const before = await findJob(context, caller.projectId, pathPart(request, 'jobId'));
      const job = await apply(context, before, { name, ...action });
      sendJson(response, await presentJob(context, job));
    });
    resource(router, `/v1/fine_tuning/jobs/:jobId/${name}`, { post });
  }
  const retry = endpoint(context.authenticate, 'submitter', async ({ request, response, caller }) => {
    const first = await findJob(context, caller.projectId, pathPart(request, 'jobId'));
    sendJson(response, await presentJob(context, await retryJob(context, first, caller)), 201);
  });
  resource(router, '/v1/fine_tuning/jobs/:jobId/retry', { post: retry });
}

async function apply(
  context: ApiContext,
  before: FineTuningJob,
  { name, event, isDone }: Action & { name: string },
): Promise<FineTuningJob> {
  if (name === 'pause' && before.isDrained) {
    await context.db.jobs.keepPaused(before.id);
    return findJob(context, before.projectId, before.id);
  }
  if (isDone.includes(before.status)) return before;
  const applied = await context.db.jobs.applyEvent(before.id, event);
  if (!applied.ok) {
    if (isDone.includes(applied.from)) return findJob(context, before.projectId, before.id);
    throw new ConflictError(`The job is ${applied.from}: it is too late to ${name} it.`, { reason: 'invalid_job_state' });
  }
  if (applied.job.status === 'queued') await enqueue(context, applied.job);
  else if (before.status === 'queued') await dequeue(context, before);
  return applied.job;
}

/** Only tidiness: an entry whose job no longer waits is dropped by whoever takes it. */
async function dequeue({ queue, logger }: ApiContext, { poolId, id: jobId, attempt }: FineTuningJob): Promise<void> {
  try {
    await queue.remove({ poolId, jobId, attempt: attempt + 1 });
  } catch (err) {
    logger.warn({ err, jobId, poolId }, 'an entry was left in the queue; its taker will drop it');
  }
}
