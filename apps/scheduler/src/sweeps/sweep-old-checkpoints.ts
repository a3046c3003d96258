import type { SchedulerContext } from '../scheduler-context.ts';

/** Jobs whose ranks have reported a checkpoint here since the last sweep. */
export type CheckpointedJobs = Set<string>;

/**
 * Deletes the states of all but the newest checkpoints of a job, as soon as it has saved more; rows and weights stay. Dying after the
 * deletion and before the mark is harmless, for resuming begins with the newest. What is missed, because we died before, is made good
 * at the job's next checkpoint.
 */
export function createOldCheckpointsSweep(
  { db, artifacts, logger, metrics, settings }: SchedulerContext,
  checkpointed: CheckpointedJobs,
): () => Promise<void> {
  async function release(jobId: string): Promise<void> {
    const releasable = await db.checkpoints.listReleasable(jobId, settings.checkpointsKept);
    if (releasable.length === 0) return;
    const own = new Set(releasable.filter(({ isShared }) => !isShared).map(({ sha256 }) => sha256));
    for (const sha256 of own) await artifacts.delete(sha256);
    await db.checkpoints.markReleased(releasable.map(({ id }) => id));
    metrics.removals.inc({ kind: 'checkpoint_state' }, releasable.length);
    logger.debug({ jobId, states: releasable.length }, 'states of old checkpoints deleted');
  }

  return async () => {
    for (const jobId of checkpointed) {
      await release(jobId);
      checkpointed.delete(jobId);
    }
  };
}
