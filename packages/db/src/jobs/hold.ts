import { countReleasable, type FineTuningJob, mostWorkers } from '@capstan/core';
import { type Pool as PoolRow, Prisma } from '../generated/client.ts';
import { POOL_COLUMNS, toPool } from '../pool-row.ts';
import { lockQuota, readProjectUse } from '../project-use.ts';
import type { TransactionSql } from '../sql.ts';
import { JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';
import type { JobContext } from './jobs.ts';

/** Jobs that go back to their queues in one go; more follow with the next. */
const MOST_RELEASED = 100;

/** Takes a queued job out of its queue until its project may hold more, or its pool is large enough; the row says why. Twice is once. */
export async function hold(sql: TransactionSql, { id, version }: FineTuningJob, message: string): Promise<void> {
  const statement = Prisma.sql`
    UPDATE jobs SET hold_message = ${message} WHERE id = ${id} AND version = ${version} AND status = 'queued'`;
  await sql.rows(statement, 'hold-job');
}

/** Projects that have jobs held back. */
export async function listHeldProjects({ sql }: JobContext): Promise<string[]> {
  const statement = Prisma.sql`SELECT DISTINCT project_id AS id FROM jobs WHERE hold_message IS NOT NULL`;
  return (await sql.rows<{ id: string }>(statement, 'list-held-projects')).map(({ id }) => id);
}

/**
 * Lets as many of a project's held jobs go as its limits and the sizes of their pools now allow, the first ones first; their entries are the caller's to restore, and the
 * sweep's where it dies. Jobs that cannot start yet for want of room may be let go too: they wait in their queues as any other.
 */
export function releaseHeld({ sql, clock }: JobContext, projectId: string): Promise<FineTuningJob[]> {
  return sql.transaction(async (transaction) => {
    const quota = await lockQuota(transaction, projectId);
    if (quota === null) return [];
    const held = await listHeld(transaction, projectId);
    const use = await readProjectUse(transaction, projectId, { quota, now: clock.now() });
    const gpus = held.map((job) => job.gpus);
    const released = held.slice(0, countReleasable(quota, use, gpus)).map(({ id }) => id);
    if (released.length === 0) return [];
    const statement = Prisma.sql`
      UPDATE jobs j SET hold_message = NULL WHERE j.id = ANY(${released}) AND j.status = 'queued' RETURNING ${JOB_COLUMNS}`;
    return (await transaction.rows<JobRow>(statement, 'release-held')).map(toJob);
  });
}

/** Without those that are wider than their pool may be: nobody waits behind them. */
async function listHeld(sql: TransactionSql, projectId: string): Promise<{ id: string; gpus: number }[]> {
  const pools = (await sql.rows<PoolRow>(Prisma.sql`SELECT ${POOL_COLUMNS} FROM pools`, 'list-pools')).map(toPool);
  const statement = Prisma.sql`
    SELECT j.id, (j.spec->'resources'->>'workers')::int * greatest(1, p.gpus_per_worker) AS gpus
    FROM jobs j JOIN pools p ON p.id = j.pool_id
      JOIN unnest(${pools.map(({ id }) => id)}::text[], ${pools.map(mostWorkers)}::int[]) AS width (id, most) ON width.id = p.id
    WHERE j.project_id = ${projectId} AND j.hold_message IS NOT NULL AND (j.spec->'resources'->>'workers')::int <= width.most
    ORDER BY j.priority, j.queued_at, j.id LIMIT ${MOST_RELEASED}::int`;
  return sql.rows(statement, 'list-held');
}
