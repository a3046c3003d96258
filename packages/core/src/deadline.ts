import type { Failure } from './failure-reason.ts';
import type { FineTuningJob } from './job.ts';

type Dated = Pick<FineTuningJob, 'createdAt' | 'spec'>;

/** When the job must have ended; null where it may take as long as it takes. */
export function deadlineOf({ createdAt, spec }: Dated): Date | null {
  return spec.deadlineSeconds == null ? null : new Date(createdAt.getTime() + spec.deadlineSeconds * 1000);
}

/** The failure of a job that has not ended by its deadline; null before that. */
export function deadlineFailure(job: Dated, now: Date): Failure | null {
  const deadline = deadlineOf(job);
  if (deadline === null || now <= deadline) return null;
  return { reason: 'DeadlineExceeded', message: `The job had not ended ${job.spec.deadlineSeconds} s after its creation.`, exitCode: null };
}
