import type { FineTuningJob } from '@capstan/core';
import type { NewJob } from '@capstan/db';
import type { ApiContext } from '../api-context.ts';

/** The job in its row and its queue, or a QuotaError where its project may not have it; `gpus` is what it would hold. */
export async function createAndEnqueue(context: ApiContext, input: NewJob, gpus: number): Promise<FineTuningJob> {
  const { db, lookups, metrics } = context;
  const { quota } = await lookups.project(input.projectId);
  const isLimited = Object.values(quota).some((limit) => limit !== null);
  const { job, created } = await (isLimited ? db.jobs.createAdmitted(input, gpus) : db.jobs.create(input));
  if (!created) return job;
  metrics.jobsCreated.inc({ pool: job.poolId });
  await enqueue(context, job);
  return job;
}

/** The row is the job; an entry that cannot be added now is added by the scheduler's sweep, so the request succeeds without it. */
export async function enqueue({ queue, clock, logger }: ApiContext, job: FineTuningJob): Promise<void> {
  const { poolId, id: jobId, priority, notBefore } = job;
  try {
    await queue.enqueue({ poolId, jobId, attempt: job.attempt + 1, priority, notBefore, now: clock.now() });
  } catch (err) {
    logger.warn({ err, jobId, poolId }, 'a job was not enqueued; the sweep will do it');
  }
}
