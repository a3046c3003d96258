import { admitJob, QuotaError } from '@capstan/core';
import { lockQuota, readProjectUse } from '../project-use.ts';
import { type Created, createJob, findClaimed, type NewJob } from './create-job.ts';
import type { JobContext } from './jobs.ts';

/**
 * Creates a job of a project that has limits, or throws a QuotaError. What the project has in use is counted under its lock, so of two
 * requests at once, at any API, the second sees the first. A repetition of a request gets its job however full the project is.
 */
export function createAdmitted(context: JobContext, input: NewJob, gpus: number): Promise<Created> {
  return context.sql.transaction(async (transaction) => {
    // Inside the transaction there is nothing to begin.
    const inside: JobContext = { ...context, sql: { ...transaction, transaction: (work) => work(transaction) } };
    const quota = await lockQuota(transaction, input.projectId);
    if (quota === null) return createJob(inside, input);
    const use = await readProjectUse(transaction, input.projectId, { quota, now: context.clock.now() });
    const refusal = admitJob(quota, use, { gpus, costUsd: input.estimate.costUsd });
    if (refusal === null) return createJob(inside, input);
    const first = await findClaimed(inside, input);
    if (first !== null) return { job: first, created: false };
    throw new QuotaError(refusal.message, { reason: refusal.code });
  });
}
