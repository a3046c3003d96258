import type { FineTuningJob } from '@capstan/core';
import type { SchedulerContext } from '../scheduler-context.ts';

/** Rows looked at per turn; a queue of 100,000 is gone through in 200 turns, and each turn costs the same. */
const PAGE = 500;

/**
 * Queued rows without a queue entry get one: their entry was lost with the queue's store, or its writer died between row and entry.
 * Each turn takes the next page of the order of waiting, and after the last one begins again; while pages have rows to restore, the turn goes
 * on, so an emptied store is filled in one.
 *
 * Where no row that came earlier, of the same pool and priority, has its entry, the store was emptied: the entry gets back its old place,
 * before whatever has been enqueued since. Elsewhere it goes to the end of its priority, for in front of the others it would overtake them.
 */
export function createMissingEntriesSweep({ db, queue, clock, logger, metrics }: SchedulerContext): (signal: AbortSignal) => Promise<void> {
  let after: FineTuningJob | undefined;
  /** Pools and priorities of which this pass has met an entry that was there. */
  let intact = new Set<string>();

  async function restore({ id, poolId, priority, notBefore, queuedAt, attempt }: FineTuningJob, isEmptied: boolean): Promise<void> {
    const entry = { poolId, jobId: id, attempt: attempt + 1, priority, notBefore };
    await (isEmptied ? queue.restore({ ...entry, now: queuedAt }) : queue.enqueue({ ...entry, now: clock.now() }));
  }

  /** How many rows of the next page had no entry. */
  async function restorePage(): Promise<number> {
    const jobs = await db.jobs.listQueued({ after, limit: PAGE });
    const isThere = await Promise.all(jobs.map(({ id, poolId, attempt }) => queue.has({ poolId, jobId: id, attempt: attempt + 1 })));
    const missing = jobs.flatMap((job, index) => {
      if (isThere[index]) intact.add(lineOf(job));
      return isThere[index] ? [] : [{ job, isEmptied: !intact.has(lineOf(job)) }];
    });
    await Promise.all(missing.map(({ job, isEmptied }) => restore(job, isEmptied)));
    after = jobs.length === PAGE ? jobs.at(-1) : undefined;
    if (after === undefined) intact = new Set();
    return missing.length;
  }

  return async (signal) => {
    for (let isDone = false; !isDone && !signal.aborted; ) {
      const restored = await restorePage();
      isDone = restored === 0 || after === undefined;
      if (restored === 0) return;
      metrics.repairs.inc({ kind: 'entry_restored' }, restored);
      logger.warn({ restored }, 'queued jobs had no queue entry and got one');
    }
  };
}

/** Those that wait in one line: equal ones run in order of arrival. */
function lineOf({ poolId, priority }: FineTuningJob): string {
  return `${priority} ${poolId}`;
}
