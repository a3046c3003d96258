import type { FineTuningJob, JobEvent } from '@capstan/core';
import type { Effects } from '@capstan/db';
import type { SchedulerContext } from '../scheduler-context.ts';
import { countChange } from './count-change.ts';

/**
 * Applies `event` to the attempt that `job` was read in; answers whether it took effect. An event that comes too late, for an attempt
 * that has ended, changes nothing. A job that went back to the queue gets its next entry; if we die before that, the sweep adds it.
 */
export async function applyToAttempt(
  job: Pick<FineTuningJob, 'id' | 'epoch' | 'startedAt' | 'status'>,
  event: JobEvent,
  { db, queue, clock, metrics, logger }: Pick<SchedulerContext, 'db' | 'queue' | 'clock' | 'metrics' | 'logger'>,
  effects: Effects = {},
): Promise<boolean> {
  const outcome = await db.jobs.applyEvent(job.id, event, { ...effects, expectedEpoch: job.epoch });
  if (!outcome.ok) {
    logger.debug({ jobId: job.id, event: event.type, from: outcome.from }, 'event refused');
    return false;
  }
  const { status, attempt, poolId, priority, notBefore } = outcome.job;
  const reason = 'reason' in event ? event.reason : undefined;
  logger.info({ jobId: job.id, attempt, event: event.type, status, reason }, 'job changed');
  countChange(job, event, outcome.job, metrics);
  if (status === 'queued') await queue.enqueue({ poolId, jobId: job.id, attempt: attempt + 1, priority, notBefore, now: clock.now() });
  return true;
}
