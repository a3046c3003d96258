import type { SchedulerContext } from '../scheduler-context.ts';

/**
 * Jobs that were held back because their project held all that it may, or their pool was too small for them, go back to their queues as far as
 * that has changed: each at its old place, before those of its priority that came later. Whoever dies between row and entry leaves the entry to the sweep of missing ones.
 */
export async function releaseHeld({ db, queue }: SchedulerContext, signal: AbortSignal): Promise<void> {
  for (const projectId of await db.jobs.listHeldProjects()) {
    if (signal.aborted) return;
    const released = await db.jobs.releaseHeld(projectId);
    for (const { id: jobId, poolId, priority, notBefore, queuedAt, attempt } of released)
      await queue.restore({ poolId, jobId, attempt: attempt + 1, priority, notBefore, now: queuedAt });
    for (const poolId of new Set(released.map((job) => job.poolId))) db.announce({ kind: 'queued', poolId });
  }
}
