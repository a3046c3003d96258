import type { SchedulerContext } from './scheduler-context.ts';

/** Jobs looked at per turn; the next one takes those that are left. */
const PAGE = 500;

/**
 * Puts jobs that a drain paused back into their queues once the pool is no longer cordoned; one that was still saving its checkpoint then
 * follows when it has. Of several schedulers one resumes a job and the others are refused; an entry that is lost in between comes back by a sweep.
 */
export async function resumeDrained({
  db,
  queue,
  clock,
  logger,
}: Pick<SchedulerContext, 'db' | 'queue' | 'clock' | 'logger'>): Promise<void> {
  for (const { id } of await db.jobs.listDrained(PAGE)) {
    const resumed = await db.jobs.applyEvent(id, { type: 'resumeRequested' });
    if (!resumed.ok) continue;
    const { poolId, priority, attempt, notBefore } = resumed.job;
    await queue.enqueue({ poolId, jobId: id, attempt: attempt + 1, priority, notBefore, now: clock.now() });
    logger.info({ jobId: id, poolId }, 'a drained job goes on');
  }
}
