import type { Failure, FailureReason } from './failure-reason.ts';
import type { JobEvent } from './transition.ts';

interface FailureRule {
  /** `never` fails the job at once; `budgeted` counts against `maxAttempts`; `free` is the platform's fault and costs the job nothing. */
  retry: 'never' | 'budgeted' | 'free';
  /** What the person should do; shown beside the message. */
  advice: string;
}

const TRY_AGAIN = 'Capstan tries again from the last checkpoint by itself.';

export const FAILURE_RULES: Record<FailureReason, FailureRule> = {
  OOMKilled: { retry: 'budgeted', advice: 'Halve capstan.training.micro_batch_size, shorten max_source_tokens, or ask for more memory.' },
  BackendOutOfMemory: { retry: 'budgeted', advice: 'Halve capstan.training.micro_batch_size or shorten max_source_tokens.' },
  TrainingDiverged: { retry: 'never', advice: 'Lower the learning rate or lengthen the warm-up, and look at the rows of the last steps.' },
  DatasetInvalid: { retry: 'never', advice: 'Correct the lines named in the file report and upload the file again.' },
  DatasetMissing: { retry: 'never', advice: 'Upload the file again and submit a new job.' },
  ModelInvalid: { retry: 'never', advice: 'Choose another base model: this one cannot be read by the trainer.' },
  ModelMissing: { retry: 'never', advice: 'Choose a base model that GET /v1/models lists.' },
  LaunchFailed: { retry: 'budgeted', advice: TRY_AGAIN },
  ImagePullFailed: { retry: 'budgeted', advice: 'Check the image and the pull secret of the pool.' },
  HeartbeatLost: { retry: 'budgeted', advice: TRY_AGAIN },
  DeadlineExceeded: { retry: 'never', advice: 'Raise the deadline, or train fewer steps.' },
  CheckpointInvalid: { retry: 'budgeted', advice: 'Capstan goes back to the checkpoint before it.' },
  Evicted: { retry: 'free', advice: TRY_AGAIN },
  Preempted: { retry: 'free', advice: TRY_AGAIN },
  NodeLost: { retry: 'free', advice: TRY_AGAIN },
  GangIncomplete: { retry: 'free', advice: 'Wait for room for all workers at once, give the pool more nodes, or ask for fewer workers.' },
  WorkerKilled: { retry: 'budgeted', advice: TRY_AGAIN },
  TrainerError: { retry: 'budgeted', advice: 'Read the last log lines; if it happens again, report them.' },
};

const BACKOFF_BASE_MS = 2_000;
const BACKOFF_CAP_MS = 300_000;

/** Exponential backoff with full-width jitter in its upper half; `random` in [0, 1). The first retry waits 1–2 s. */
export function backoffMs(failures: number, random: () => number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

/** Whether the failed attempt is tried again, as the event to apply. `failures` counts earlier failures, this one not among them. */
export function failurePolicy(
  job: { failures: number; maxAttempts: number },
  failure: Failure,
  now: Date,
  random: () => number,
): Extract<JobEvent, { type: 'attemptFailed' | 'jobFailed' }> {
  const { retry } = FAILURE_RULES[failure.reason];
  const exhausted = retry === 'budgeted' && job.failures + 1 >= job.maxAttempts;
  if (retry === 'never' || exhausted) return { type: 'jobFailed', ...failure };
  return { type: 'attemptFailed', ...failure, notBefore: new Date(now.getTime() + backoffMs(job.failures + 1, random)) };
}
