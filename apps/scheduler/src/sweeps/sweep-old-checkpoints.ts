import type { SchedulerContext } from '../scheduler-context.ts';

/** Jobs whose ranks have reported a checkpoint here since the last sweep. */
export type CheckpointedJobs = Set<string>;

/**
 * Deletes the states of all but the newest checkpoints of a job, as soon as it has saved more; rows and weights stay. One that was put a
 * moment ago waits for a later turn: a repeated attempt, or another job that trains the same, may be about to report the same state. Dying
 * after the deletion and before the mark is harmless, for resuming begins with the newest. What is missed, because we died before, is made
 * good at the job's next checkpoint or after its end.
 */
export function createOldCheckpointsSweep(
  { db, artifacts, clock, logger, metrics, settings }: SchedulerContext,
  checkpointed: CheckpointedJobs,
): () => Promise<void> {
  /** Whether all that could be released is. */
  async function release(jobId: string): Promise<boolean> {
    const releasable = await db.checkpoints.listReleasable(jobId, settings.checkpointsKept);
    const oldest = new Date(clock.now().getTime() - settings.stateGraceMs);
    const released: string[] = [];
    for (const { id, sha256, isShared } of releasable) {
      const isGone = isShared || (await artifacts.deleteIfOlder(sha256, oldest)) || (await artifacts.stat(sha256)) === null;
      if (isGone) released.push(id);
    }
    if (released.length > 0) await db.checkpoints.markReleased(released);
    metrics.removals.inc({ kind: 'checkpoint_state' }, released.length);
    logger.debug({ jobId, states: released.length }, 'states of old checkpoints deleted');
    return released.length === releasable.length;
  }

  return async () => {
    for (const jobId of checkpointed) {
      if (await release(jobId)) checkpointed.delete(jobId);
    }
  };
}
