import type { FineTuningJob, Pool } from '@capstan/core';
import type { Launched } from '@capstan/db';
import type { TakenEntry } from '@capstan/queue';
import type { SchedulerContext } from '../scheduler-context.ts';

/** `full`: nothing more can be launched in this pool for now. `dropped`: the entry was out of date, its time has not come, or it is held back. */
export type EntryOutcome = { type: 'reserved'; job: FineTuningJob; pool: Pool } | { type: 'full' } | { type: 'dropped' };

/**
 * Turns taken entries into reservations and launch intents, in their order and in one transaction. Afterwards each entry is finished with,
 * unless its outcome is `reserved`: then the caller completes it. Orders it survives:
 * - cancelled, paused, relaunched or deleted before we took it, or taken twice: the row does not match, the entry is dropped;
 * - another scheduler took the last slot: the entry, and those behind it, go back to the head of their priority;
 * - we die holding them: the queue hands them out again, and the rows tell whether anything is left to do.
 */
export async function launchEntries(entries: readonly TakenEntry[], poolId: string, context: SchedulerContext): Promise<EntryOutcome[]> {
  const requests = entries.map(({ jobId, attempt }) => ({ jobId, expectedAttempt: attempt }));
  const launches = await context.db.jobs.launchTogether(poolId, requests);
  return Promise.all(entries.map((entry, place) => settle(entry, launches[place], { poolId, context })));
}

async function settle(
  entry: TakenEntry,
  launch: Launched | undefined,
  { poolId, context }: { poolId: string; context: SchedulerContext },
): Promise<EntryOutcome> {
  if (launch?.ok) return { type: 'reserved', job: launch.job, pool: launch.pool };
  switch (launch?.reason) {
    case 'NoCapacity':
    case 'PoolPaused':
      await entry.putBack();
      return { type: 'full' };
    case 'NotYet':
      return postpone(entry, poolId, context);
    case 'QuotaExceeded':
    case 'TooWide':
      // Held back in its row, so that others pass it; once its project may hold more, or its pool is larger, it gets an entry at its old place.
      await entry.complete();
      return { type: 'dropped' };
    case 'NotFound':
    case 'NotQueued':
    case 'AttemptMismatch':
    case undefined:
      return drop(entry, context.metrics);
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
