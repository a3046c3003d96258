import type { FineTuningJob } from '@capstan/core';
import type { SchedulerContext } from '../scheduler-context.ts';

/** Rows looked at per turn; a queue of 100,000 is gone through in 200 turns, and each turn costs the same. */
const PAGE = 500;

/**
 * Queued rows without a queue entry get one: their entry was lost with the queue's store, or its writer died between row and entry.
 * Each turn takes the next page of the order of waiting, and after the last one begins again.
 */
export function createMissingEntriesSweep({ db, queue, clock, logger, metrics }: SchedulerContext): () => Promise<void> {
  let after: FineTuningJob | undefined;

  async function restore(job: FineTuningJob): Promise<boolean> {
    const { poolId, priority, notBefore } = job;
    const entry = { poolId, jobId: job.id, attempt: job.attempt + 1 };
    if (await queue.has(entry)) return false;
    await queue.enqueue({ ...entry, priority, notBefore, now: clock.now() });
    return true;
  }

  return async () => {
    const jobs = await db.jobs.listQueued({ after, limit: PAGE });
    after = jobs.length === PAGE ? jobs.at(-1) : undefined;
    const restored = (await Promise.all(jobs.map(restore))).filter(Boolean).length;
    if (restored === 0) return;
    metrics.repairs.inc({ kind: 'entry_restored' }, restored);
    logger.warn({ restored }, 'queued jobs had no queue entry and got one');
  };
}
