import { type FineTuningJob, isTerminal, type Wait, waitReason } from '@capstan/core';
import type { PoolUsage } from '@capstan/db';
import type { ApiContext } from './api-context.ts';

type WaitContext = Pick<ApiContext, 'db' | 'lookups' | 'clock'>;

/** Why the job is not running, with its place in the queue and the launcher's words. Costs reads, so lists use `describeWaitBriefly`. */
export async function describeWait(context: WaitContext, job: FineTuningJob): Promise<Wait | null> {
  if (job.status === 'running' || isTerminal(job.status)) return null;
  const [place, usage, attempt] = await Promise.all([
    job.status === 'queued' ? context.db.jobs.position(job.id) : null,
    job.status === 'queued' ? context.db.pools.usage(job.poolId) : null,
    job.status === 'starting' ? context.db.ledger.get(job.id, job.attempt) : null,
  ]);
  return explain(context, job, { ahead: place?.ahead ?? null, launchMessage: attempt?.statusMessage ?? null, usage });
}

/** The same without a look at the queue: what memory knows of the pool. */
export async function describeWaitBriefly(context: WaitContext, job: FineTuningJob): Promise<Wait | null> {
  if (job.status === 'running' || isTerminal(job.status)) return null;
  return explain(context, job, { ahead: null, launchMessage: null, usage: null });
}

interface Seen {
  ahead: number | null;
  launchMessage: string | null;
  /** Null where what memory knows is good enough. */
  usage: PoolUsage | null;
}

async function explain({ lookups, clock }: WaitContext, job: FineTuningJob, seen: Seen): Promise<Wait | null> {
  const [{ pool, usage }, recent] = await Promise.all([lookups.pool(job.poolId), lookups.recentJobs(job.poolId)]);
  const { ahead, launchMessage } = seen;
  const { reserved } = seen.usage ?? usage;
  return waitReason(job, { pool, reserved, typicalJobSeconds: typicalSeconds(recent), ahead, launchMessage }, clock.now());
}

/** The median, for one long job should not frighten everybody. */
function typicalSeconds(jobs: readonly FineTuningJob[]): number | null {
  const durations = jobs
    .flatMap(({ startedAt, finishedAt }) => (startedAt && finishedAt ? [(finishedAt.getTime() - startedAt.getTime()) / 1000] : []))
    .sort((a, b) => a - b);
  return durations[Math.floor(durations.length / 2)] ?? null;
}
