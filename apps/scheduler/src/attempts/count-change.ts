import type { FineTuningJob, JobEvent, JobStatus } from '@capstan/core';
import type { AttemptEnd, SchedulerMetrics } from '../metrics.ts';

const GOOD_ENDS: Partial<Record<JobStatus, AttemptEnd>> = { succeeded: 'Succeeded', paused: 'Paused', cancelled: 'Cancelled' };

/** Counts what `event` has led `before` to: the end of its attempt, of the job, and of its first wait. Once per event that took effect. */
export function countChange(
  before: Pick<FineTuningJob, 'startedAt' | 'status'>,
  event: JobEvent,
  after: FineTuningJob,
  { attemptsEnded, jobsEnded, waitSeconds }: SchedulerMetrics,
): void {
  // A job that waits has no attempt to end.
  const end = before.status === 'queued' ? null : endOf(event, after.status);
  if (end !== null) attemptsEnded.inc({ reason: end });
  if (after.finishedAt !== null) jobsEnded.inc({ status: after.status });
  if (before.startedAt === null && after.startedAt !== null)
    waitSeconds.observe({ pool: after.poolId }, Math.max(0, after.startedAt.getTime() - after.createdAt.getTime()) / 1000);
}

/** A failure has its own word even where the job was to stop anyway. Null for an event that leaves the ranks running. */
function endOf(event: JobEvent, status: JobStatus): AttemptEnd | null {
  return 'reason' in event ? event.reason : (GOOD_ENDS[status] ?? null);
}
