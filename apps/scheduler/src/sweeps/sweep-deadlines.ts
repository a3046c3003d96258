import { deadlineFailure, type FineTuningJob } from '@capstan/core';
import { failAttempt } from '../attempts/fail-attempt.ts';
import type { SchedulerContext } from '../scheduler-context.ts';

/** Rows looked at per turn. */
const PAGE = 500;

/** Fails jobs that still wait at their deadline, a page of the order of waiting each turn; of those that run, reconcile takes care. */
export function createDeadlinesSweep(context: SchedulerContext): () => Promise<void> {
  let after: FineTuningJob | undefined;
  return async () => {
    const jobs = await context.db.jobs.listQueued({ includesHeld: true, after, limit: PAGE });
    after = jobs.length === PAGE ? jobs.at(-1) : undefined;
    for (const job of jobs) {
      const failure = deadlineFailure(job, context.clock.now());
      if (failure !== null) await failAttempt(job, failure, context);
    }
  };
}
