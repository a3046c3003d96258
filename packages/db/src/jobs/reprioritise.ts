import type { FineTuningJob } from '@capstan/core';
import { changesOfJob } from '../change.ts';
import { Prisma } from '../generated/client.ts';
import { json } from '../sql.ts';
import { JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';
import type { JobContext } from './jobs.ts';

export interface Reprioritised {
  job: FineTuningJob;
  /** False where it had this priority already. */
  changed: boolean;
}

/**
 * Gives a job that is queued or paused another priority, with its event, in one statement; it stands behind those that have that priority
 * already, as its queue entry does. Null for a job in any other state. Twice with the same priority is once.
 */
export async function reprioritise({ sql, clock, announcer }: JobContext, jobId: string, priority: number): Promise<Reprioritised | null> {
  const now = clock.now();
  const data = json({ priority });
  const statement = Prisma.sql`
    WITH gate AS (SELECT id, priority, status FROM jobs WHERE id = ${jobId} AND status IN ('queued', 'paused') FOR NO KEY UPDATE),
    moved AS (
      UPDATE jobs j SET priority = ${priority}::int, queued_at = CASE WHEN j.status = 'queued' THEN ${now}::timestamptz ELSE j.queued_at END
      FROM gate WHERE j.id = gate.id AND gate.priority <> ${priority}::int RETURNING j.*),
    event AS (
      INSERT INTO job_events (job_id, message, data, created_at)
      SELECT moved.id, format('The priority was changed from %s to %s.', gate.priority, moved.priority),
        ${data}::jsonb || jsonb_build_object('state', moved.status), ${now}::timestamptz FROM moved JOIN gate ON gate.id = moved.id)
    SELECT ${JOB_COLUMNS}, j.changed FROM (
      SELECT moved.*, true AS changed FROM moved
      UNION ALL SELECT jobs.*, false FROM jobs JOIN gate ON gate.id = jobs.id WHERE gate.priority = ${priority}::int) j`;
  const [row] = await sql.rows<JobRow & { changed: boolean }>(statement, 'reprioritise');
  if (row === undefined) return null;
  const { changed, ...columns } = row;
  const job = toJob(columns);
  if (changed) announcer.announce(...changesOfJob(job.id, job.poolId, job.status));
  return { job, changed };
}
