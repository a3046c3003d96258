import type { QueueEntry } from '@capstan/queue';
import type { SchedulerContext } from '../scheduler-context.ts';

const PAGE = 200;

/**
 * Queue entries whose job does not wait for just that attempt are removed: it was cancelled, paused or launched meanwhile. A taker would
 * drop them too; the sweep keeps them from piling up behind a full pool. Each turn takes the next page of every pool.
 */
export function createStrayEntriesSweep({ db, queue, logger, metrics }: SchedulerContext): () => Promise<void> {
  const offsets = new Map<string, number>();

  async function isStray({ jobId, attempt }: QueueEntry): Promise<boolean> {
    const job = await db.jobs.get(jobId);
    return job === null || job.status !== 'queued' || job.attempt + 1 !== attempt;
  }

  async function sweepPool(poolId: string): Promise<number> {
    const offset = offsets.get(poolId) ?? 0;
    const entries = await queue.list(poolId, { offset, limit: PAGE });
    let removed = 0;
    for (const entry of entries) if ((await isStray(entry)) && (await queue.remove({ poolId, ...entry }))) removed += 1;
    offsets.set(poolId, entries.length === PAGE ? offset + PAGE - removed : 0);
    return removed;
  }

  return async () => {
    let removed = 0;
    for (const { id } of await db.pools.list()) removed += await sweepPool(id);
    if (removed === 0) return;
    metrics.repairs.inc({ kind: 'entry_removed' }, removed);
    logger.info({ removed }, 'queue entries without a waiting job were removed');
  };
}
