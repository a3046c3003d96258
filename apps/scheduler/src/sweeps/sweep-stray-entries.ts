import type { SchedulerContext } from '../scheduler-context.ts';

const PAGE = 200;

/**
 * Queue entries whose job does not wait for just that attempt are removed: it was cancelled, paused or launched meanwhile. A taker would
 * drop them too; the sweep keeps them from piling up behind a full pool. Each turn takes the next page of every pool.
 */
export function createStrayEntriesSweep({ db, queue, logger, metrics }: SchedulerContext): () => Promise<void> {
  const offsets = new Map<string, number>();

  async function sweepPool(poolId: string): Promise<number> {
    const offset = offsets.get(poolId) ?? 0;
    const entries = await queue.list(poolId, { offset, limit: PAGE });
    const awaited = await db.jobs.listAwaitedAttempts(entries.map(({ jobId }) => jobId));
    let removed = 0;
    for (const entry of entries) if (awaited.get(entry.jobId) !== entry.attempt && (await queue.remove({ poolId, ...entry }))) removed += 1;
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
