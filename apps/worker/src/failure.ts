import { AppError, type FailureReason, failureReasonSchema } from '@capstan/core';

export interface WorkerFailure {
  reason: FailureReason;
  message: string;
}

/** How TensorFlow.js' backends and V8 say that memory ran out. */
const OUT_OF_MEMORY =
  /\bOOM\b|out of memory|memory access out of bounds|array buffer allocation failed|invalid typed array length|resource ?exhausted|enlarge memory/i;

/** The report of an error that ended the attempt. What is not understood is the trainer's fault, and may be tried again. */
export function toFailure(error: unknown): WorkerFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { reason: reasonOf(error, message), message };
}

function reasonOf(error: unknown, message: string): FailureReason {
  if (!(error instanceof AppError)) return OUT_OF_MEMORY.test(message) ? 'BackendOutOfMemory' : 'TrainerError';
  const named = failureReasonSchema.safeParse(error.reason);
  if (named.success) return named.data;
  switch (error.code) {
    case 'model_invalid':
      return 'ModelInvalid';
    case 'dataset_invalid':
      return 'DatasetInvalid';
    case 'checkpoint_invalid':
      return 'CheckpointInvalid';
    case 'training_diverged':
      return 'TrainingDiverged';
    case 'deadline_exceeded':
      return 'DeadlineExceeded';
    default:
      return 'TrainerError';
  }
}

/** Exit statuses, for people who look at a pod before they look at Capstan. Below 128, which mean signals. */
export const EXIT_STATUS = { success: 0, unexpected: 1, configInvalid: 2, stale: 3 } as const;

const EXIT_STATUS_OF_REASON: Partial<Record<FailureReason, number>> = {
  TrainerError: 10,
  ModelInvalid: 11,
  ModelMissing: 12,
  DatasetInvalid: 13,
  DatasetMissing: 14,
  TrainingDiverged: 15,
  BackendOutOfMemory: 16,
  CheckpointInvalid: 17,
};

export function exitStatusOf(reason: FailureReason): number {
  return EXIT_STATUS_OF_REASON[reason] ?? EXIT_STATUS.unexpected;
}
