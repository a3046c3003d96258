import type { Failure } from './failure-reason.ts';
import type { JobStatus } from './job-status.ts';

/**
 * What can happen to a job. `launched` is the intent, written before the launcher is called; `paused` and `workersGone` mean that no rank is left.
 * `attemptFailed` may be tried again, `jobFailed` may not: `failurePolicy` tells which.
 */
export const JOB_EVENT_TYPES = [
  'launched',
  'workersReady',
  'attemptFailed',
  'jobFailed',
  'workersSucceeded',
  'pauseRequested',
  'paused',
  'resumeRequested',
  'cancelRequested',
  'workersGone',
] as const;
export type JobEventType = (typeof JOB_EVENT_TYPES)[number];

export type JobEvent =
  | { type: 'pauseRequested' /** Who or what asks for it: a person, where it is left out. */; cause?: 'drain' }
  | { type: 'launched' | 'workersReady' | 'paused' | 'resumeRequested' | 'cancelRequested' | 'workersGone' }
  | { type: 'workersSucceeded'; fineTunedModel: string; trainedTokens: number }
  | ({ type: 'attemptFailed'; notBefore: Date } & Failure)
  | ({ type: 'jobFailed' } & Failure);

/**
 * The whole state machine. A missing cell means "refused": late and duplicate events are normal, so a refusal is a value.
 * `starting` accepts `workersSucceeded` because a watcher can miss the ready edge of a short job; whatever ends the ranks of a
 * `cancelling` job ends it as `cancelled`, because the user was told so.
 */
export const TRANSITIONS: Record<JobStatus, Partial<Record<JobEventType, JobStatus>>> = {
  queued: { launched: 'starting', jobFailed: 'failed', pauseRequested: 'paused', cancelRequested: 'cancelled' },
  starting: {
    workersReady: 'running',
    attemptFailed: 'queued',
    jobFailed: 'failed',
    workersSucceeded: 'succeeded',
    pauseRequested: 'pausing',
    cancelRequested: 'cancelling',
  },
  running: {
    attemptFailed: 'queued',
    jobFailed: 'failed',
    workersSucceeded: 'succeeded',
    pauseRequested: 'pausing',
    cancelRequested: 'cancelling',
  },
  pausing: {
    paused: 'paused',
    workersGone: 'paused',
    attemptFailed: 'paused',
    jobFailed: 'failed',
    workersSucceeded: 'succeeded',
    cancelRequested: 'cancelling',
  },
  paused: { resumeRequested: 'queued', cancelRequested: 'cancelled' },
  cancelling: {
    workersGone: 'cancelled',
    paused: 'cancelled',
    attemptFailed: 'cancelled',
    jobFailed: 'cancelled',
    workersSucceeded: 'cancelled',
  },
  succeeded: {},
  failed: {},
  cancelled: {},
};

export type Transition = { ok: true; from: JobStatus; to: JobStatus } | { ok: false; from: JobStatus; event: JobEventType };

/** The status that `event` leads to from `status`, or a refusal. Pure; says nothing about the row's other columns. */
export function transition(status: JobStatus, event: JobEventType): Transition {
  const to = TRANSITIONS[status][event];
  return to === undefined ? { ok: false, from: status, event } : { ok: true, from: status, to };
}
