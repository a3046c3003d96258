import type { FineTuningJob, Pool } from '@capstan/core';
import type { TakenEntry } from '@capstan/queue';
import type { SchedulerContext } from '../scheduler-context.ts';

/** `full`: nothing more can be launched in this pool for now. `dropped`: the entry was out of date, or its time has not come. */
export type EntryOutcome = { type: 'reserved'; job: FineTuningJob; pool: Pool } | { type: 'full' } | { type: 'dropped' };

/**
 * Turns a taken entry into a reservation and a launch intent, in one transaction. Afterwards the entry is finished with, unless the
 * outcome is `reserved`: then the caller completes it once the launch is recorded. Orders it survives:
 * - cancelled, paused, relaunched or deleted before we took it, or taken twice: the row does not match, the entry is dropped;
 * - another scheduler took the last slot: the entry goes back to the head of its priority;
 * - we die holding it: the queue hands it out again, and the row tells whether anything is left to do.
 */
export async function launchEntry(entry: TakenEntry, poolId: string, context: SchedulerContext): Promise<EntryOutcome> {
  const { db, metrics } = context;
  const launch = await db.jobs.launch({ jobId: entry.jobId, expectedAttempt: entry.attempt, poolId });
  if (launch.ok) return { type: 'reserved', job: launch.job, pool: launch.pool };
  switch (launch.reason) {
    case 'NoCapacity':
    case 'PoolPaused':
      await entry.putBack();
      return { type: 'full' };
    case 'NotYet':
      return postpone(entry, poolId, context);
    case 'NotFound':
    case 'NotQueued':
    case 'AttemptMismatch':
      return drop(entry, metrics);
  }
}

async function drop(entry: TakenEntry, metrics: SchedulerContext['metrics']): Promise<EntryOutcome> {
  await entry.complete();
  metrics.entriesDropped.inc();
  return { type: 'dropped' };
}

/** The row's `notBefore` is the truth, the entry's delay only its alarm clock; one that rang early is set again. */
async function postpone(entry: TakenEntry, poolId: string, { db, queue, clock }: SchedulerContext): Promise<EntryOutcome> {
  await entry.complete();
  const job = await db.jobs.get(entry.jobId);
  if (job !== null) {
    const { priority, notBefore } = job;
    await queue.enqueue({ poolId, jobId: job.id, attempt: entry.attempt, priority, notBefore, now: clock.now() });
  }
  return { type: 'dropped' };
}
