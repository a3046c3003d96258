import type { FineTuningJob, JobEvent, JobStatus } from '@capstan/core';

/** A line of the job's public history. */
export interface EventEntry {
  level: 'info' | 'warn' | 'error';
  message: string;
  data: Record<string, unknown>;
}

/** What people read when `event` has led `job` to `to`; programs read `data`. */
export function describeEvent(job: FineTuningJob, event: JobEvent, to: JobStatus): EventEntry {
  const { level, message } = sentence(job, event, to);
  return { level, message, data: { state: to, attempt: job.attempt, ...details(event) } };
}

function details(event: JobEvent): Record<string, unknown> {
  if (event.type === 'attemptFailed') return { reason: event.reason, exit_code: event.exitCode, not_before: event.notBefore.toISOString() };
  if (event.type === 'jobFailed') return { reason: event.reason, exit_code: event.exitCode };
  if (event.type === 'workersSucceeded') return { fine_tuned_model: event.fineTunedModel, trained_tokens: event.trainedTokens };
  return {};
}

function sentence(job: FineTuningJob, event: JobEvent, to: JobStatus): Pick<EventEntry, 'level' | 'message'> {
  switch (event.type) {
    case 'launched':
      return info(`Attempt ${job.attempt} is starting with ${workers(job)} in pool ${job.poolId}.`);
    case 'workersReady':
      return info('Every worker is ready: training has started.');
    case 'pauseRequested':
      if (event.cause === 'drain')
        return info('The pool is being drained: the workers save a checkpoint and stop. The job goes on when the pool does.');
      return info(to === 'paused' ? 'The job is paused.' : 'A pause was requested: the workers save a checkpoint and stop.');
    case 'resumeRequested':
      return info('The job was resumed and waits in its pool.');
    case 'cancelRequested':
      return info(to === 'cancelled' ? 'The job was cancelled.' : 'A cancel was requested: the workers stop.');
    case 'attemptFailed':
      return { level: to === 'queued' ? 'warn' : 'info', message: failedSentence(job, event, to) };
    case 'jobFailed':
      return to === 'failed' ? { level: 'error', message: `The job failed (${event.reason}): ${event.message}` } : info(stopped(to));
    case 'workersSucceeded':
      return info(to === 'succeeded' ? `The job succeeded. Fine-tuned model: ${event.fineTunedModel}` : stopped(to));
    case 'paused':
    case 'workersGone':
      return info(stopped(to));
  }
}

function failedSentence(job: FineTuningJob, event: Extract<JobEvent, { type: 'attemptFailed' }>, to: JobStatus): string {
  if (to !== 'queued') return stopped(to);
  return `Attempt ${job.attempt} failed (${event.reason}): ${event.message} It is tried again from ${event.notBefore.toISOString()}.`;
}

function stopped(to: JobStatus): string {
  return to === 'paused' ? 'The workers have stopped: the job is paused.' : 'The workers have stopped: the job is cancelled.';
}

function workers(job: FineTuningJob): string {
  const count = job.spec.resources.workers;
  return count === 1 ? '1 worker' : `${count} workers`;
}

function info(message: string): Pick<EventEntry, 'level' | 'message'> {
  return { level: 'info', message };
}
