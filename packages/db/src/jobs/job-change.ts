import { FAILURE_RULES, type FineTuningJob, isActive, isTerminal, type JobEvent, type JobStatus } from '@capstan/core';

/** What an allowed event writes into the row besides `version + 1`. */
export interface JobChange
  extends Pick<
    FineTuningJob,
    | 'status'
    | 'failures'
    | 'reason'
    | 'message'
    | 'notBefore'
    | 'isDrained'
    | 'fineTunedModel'
    | 'trainedTokens'
    | 'queuedAt'
    | 'startedAt'
    | 'finishedAt'
  > {
  /** The ranks of the attempt are gone or given up: its epoch ends, its slots are free, its bill is due. */
  endsAttempt: boolean;
  /** The ranks are asked to stop from now on. */
  asksToStop: boolean;
}

/** The row's new values once `event` has led `job` to `to`. Pure: the same arguments give the same change. */
export function changeOf(job: FineTuningJob, event: JobEvent, to: JobStatus, now: Date): JobChange {
  const failure = event.type === 'attemptFailed' || event.type === 'jobFailed' ? event : null;
  const isShown = failure !== null && (to === 'queued' || to === 'failed');
  const succeeds = event.type === 'workersSucceeded' && to === 'succeeded';
  return {
    status: to,
    failures: job.failures + (countsAsFailure(event) ? 1 : 0),
    reason: isShown ? failure.reason : null,
    message: isShown ? failure.message : null,
    notBefore: event.type === 'attemptFailed' && to === 'queued' ? event.notBefore : null,
    isDrained: event.type === 'pauseRequested' ? event.cause === 'drain' : job.isDrained && to === 'paused',
    fineTunedModel: succeeds ? event.fineTunedModel : job.fineTunedModel,
    trainedTokens: succeeds ? event.trainedTokens : job.trainedTokens,
    queuedAt: to === 'queued' ? now : job.queuedAt,
    startedAt: job.startedAt ?? (to === 'running' || succeeds ? now : null),
    finishedAt: isTerminal(to) ? now : null,
    endsAttempt: isActive(job.status) && !isActive(to),
    asksToStop: event.type === 'pauseRequested' || event.type === 'cancelRequested',
  };
}

/** Only what the job's budget pays for; what the platform did to it is free. */
function countsAsFailure(event: JobEvent): boolean {
  return event.type === 'attemptFailed' && FAILURE_RULES[event.reason].retry === 'budgeted';
}
