import type { FineTuningJob } from '@capstan/core';
import { Prisma } from '../generated/client.ts';
import { JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';
import type { JobContext } from './jobs.ts';

/** Jobs that a drain paused, of pools that are no longer cordoned: they may go on. */
export async function listDrained({ sql }: JobContext, limit: number): Promise<FineTuningJob[]> {
  const statement = Prisma.sql`
    SELECT ${JOB_COLUMNS} FROM jobs j JOIN pools p ON p.id = j.pool_id
    WHERE j.status = 'paused' AND j.is_drained AND NOT p.paused ORDER BY j.id LIMIT ${limit}::int`;
  return (await sql.rows<JobRow>(statement, 'list-drained')).map(toJob);
}

/** From now on the job is paused because somebody wants it to be, and stays so when its pool goes on. Twice is once. */
export async function keepPaused({ sql }: JobContext, jobId: string): Promise<void> {
  const statement = Prisma.sql`
    UPDATE jobs SET is_drained = false, version = version + 1 WHERE id = ${jobId} AND is_drained AND status IN ('pausing', 'paused')`;
  await sql.rows(statement, 'keep-paused');
}
