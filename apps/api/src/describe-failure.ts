import { type CapstanJob, FAILURE_RULES, type FineTuningJob } from '@capstan/core';
import type { ApiContext } from './api-context.ts';

const LOG_LINES = 50;

/** How the last attempt of a failed job ended, and what to do about it; null for any other. Costs reads, so lists go without. */
export async function describeFailure(
  { db }: Pick<ApiContext, 'db'>,
  { id, status, reason, attempt }: FineTuningJob,
): Promise<CapstanJob['failure']> {
  if (status !== 'failed' || reason === null) return null;
  const [entry, lines] = await Promise.all([db.ledger.get(id, attempt), db.logs.tail(id, { attempt, limit: LOG_LINES })]);
  return {
    reason,
    ...FAILURE_RULES[reason],
    attempt,
    exit_code: entry?.exitCode ?? null,
    last_step: entry?.lastStep ?? null,
    log_tail: lines.map(({ message }) => message),
  };
}
