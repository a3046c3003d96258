import { type Failure, type FineTuningJob, isOutOfMemory, judgeFailure } from '@capstan/core';
import type { Database } from '@capstan/db';
import type { SchedulerContext } from '../scheduler-context.ts';
import { applyToAttempt } from './apply-to-attempt.ts';

/** Ends the current attempt of `job` in `failure`: tried again later or failed for good, as the policy says. False if it had ended already. */
export async function failAttempt(
  job: FineTuningJob,
  failure: Failure,
  context: Pick<SchedulerContext, 'db' | 'queue' | 'clock' | 'metrics' | 'logger' | 'random'>,
): Promise<boolean> {
  const { db, clock, random } = context;
  const event = judgeFailure(job, failure, { memoryFailures: await countMemoryFailures(job.id, db), now: clock.now(), random });
  return applyToAttempt(job, event, context);
}

/** How many attempts of the job ran out of memory; the ledger remembers how each one ended. */
export async function countMemoryFailures(jobId: string, { ledger }: Pick<Database, 'ledger'>): Promise<number> {
  const attempts = await ledger.listForJob(jobId);
  return attempts.filter(({ reason }) => reason !== null && isOutOfMemory(reason)).length;
}
