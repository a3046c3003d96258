import { type FineTuningJob, isActive, type JobObject, type Wait } from '@capstan/core';
import type { ApiContext } from './api-context.ts';
import { describeFailure } from './describe-failure.ts';
import { describeWait, describeWaits } from './describe-wait.ts';
import { jobToRest } from './rest/job-to-rest.ts';

type PresentContext = Pick<ApiContext, 'db' | 'lookups' | 'clock'>;

/** The job with all that can be known of it: why it waits or failed, and what it costs up to now. */
export async function presentJob(context: PresentContext, job: FineTuningJob): Promise<JobObject> {
  const [[current = job], wait, failure] = await Promise.all([
    withRunningCost(context, [job]),
    describeWait(context, job),
    describeFailure(context, job),
  ]);
  return jobToRest(current, wait, failure);
}

/** The same for a list, with a bounded number of reads however long it is; failed jobs tell their reason only. */
export async function presentJobs(context: PresentContext, jobs: readonly FineTuningJob[]): Promise<JobObject[]> {
  const [current, waits] = await Promise.all([withRunningCost(context, jobs), describeWaits(context, jobs)]);
  return current.map((job, index) => jobToRest(job, waits[index] as Wait | null));
}

/** An attempt is billed when it ends; what the one under way has used so far is added here. */
async function withRunningCost({ db, clock }: PresentContext, jobs: readonly FineTuningJob[]): Promise<FineTuningJob[]> {
  const active = jobs.filter(({ status }) => isActive(status)).map(({ id }) => id);
  if (active.length === 0) return [...jobs];
  const running = await db.usage.running(active, clock.now());
  return jobs.map((job) => {
    const used = running.get(job.id);
    if (used === undefined) return job;
    return { ...job, usage: { gpuSeconds: job.usage.gpuSeconds + used.gpuSeconds, costUsd: job.usage.costUsd + used.costUsd } };
  });
}
