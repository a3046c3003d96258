import { failurePolicy } from './failure-policy.ts';
import type { Failure, FailureReason } from './failure-reason.ts';
import type { FineTuningJob, JobSpec } from './job.ts';
import type { JobEvent } from './transition.ts';

export function isOutOfMemory(reason: FailureReason): boolean {
  return reason === 'OOMKilled' || reason === 'BackendOutOfMemory';
}

/**
 * The rows of one forward pass after `memoryFailures` attempts ran out of memory: the largest divisor of the batch that is at most
 * half as large, each time. Null where it cannot shrink any further. The batch, and so the mathematics of a step, stays.
 */
export function shrunkMicroBatchSize(
  training: Pick<JobSpec['training'], 'batchSize' | 'microBatchSize'>,
  memoryFailures: number,
): number | null {
  let size = training.microBatchSize;
  for (let failure = 0; failure < memoryFailures; failure += 1) {
    if (size === 1) return null;
    size = largestDivisor(training.batchSize, Math.floor(size / 2));
  }
  return size;
}

/** The spec to run after `memoryFailures` attempts ran out of memory; the job's own spec stays as submitted. */
export function fitToMemory(spec: JobSpec, memoryFailures: number): JobSpec {
  const microBatchSize = shrunkMicroBatchSize(spec.training, memoryFailures) ?? 1;
  return { ...spec, training: { ...spec.training, microBatchSize } };
}

export interface FailureFacts {
  /** Earlier attempts of the job that ran out of memory. */
  memoryFailures: number;
  now: Date;
  random: () => number;
}

/**
 * What the end of an attempt in `failure` means for its job. Running out of memory is tried once more with half the micro-batch,
 * because the same run would only fail again; everything else is the failure policy's.
 */
export function judgeFailure(
  job: Pick<FineTuningJob, 'failures' | 'maxAttempts' | 'spec'>,
  failure: Failure,
  { memoryFailures, now, random }: FailureFacts,
): Extract<JobEvent, { type: 'attemptFailed' | 'jobFailed' }> {
  const event = failurePolicy(job, failure, now, random);
  if (!isOutOfMemory(failure.reason) || event.type === 'jobFailed') return event;
  const size = shrunkMicroBatchSize(job.spec.training, memoryFailures + 1);
  if (memoryFailures > 0 || size === null) return { type: 'jobFailed', ...failure };
  const steps = job.spec.training.batchSize / size;
  return {
    ...event,
    message: `${failure.message} The next attempt runs ${size} instead of ${job.spec.training.microBatchSize} rows at a time, with ${steps} accumulated for each step.`,
  };
}

function largestDivisor(of: number, atMost: number): number {
  for (let candidate = atMost; candidate > 1; candidate -= 1) if (of % candidate === 0) return candidate;
  return 1;
}
