import type { FailureReason, JobStatus } from '@capstan/core';
import { Prisma } from './generated/client.ts';
import type { Sql } from './sql.ts';

/** A project at a glance. */
export interface Overview {
  states: { status: JobStatus; jobs: number }[];
  /** Of jobs that failed since. */
  failures: { reason: FailureReason | null; jobs: number }[];
  /** Every hour in which a job was made since, the first one first. */
  hours: { hour: Date; created: number; waitSeconds: number | null }[];
  /** How many jobs waited for their first start at the end of each hour since in which that changed, the first one first. */
  queue: { hour: Date; queued: number }[];
}

export interface OverviewRepository {
  read(projectId: string, since: Date): Promise<Overview>;
}

/** No job runs longer than this before it fails, as far as the count of failures goes: it bounds the scan. */
const LONGEST_RUN_MS = 14 * 24 * 60 * 60_000;

export function createOverviewRepository(sql: Sql): OverviewRepository {
  return {
    async read(projectId, since) {
      const [states, failures, hours, queue] = await Promise.all([
        sql.rows<Overview['states'][number]>(
          Prisma.sql`SELECT status, count(*)::int AS jobs FROM jobs WHERE project_id = ${projectId} GROUP BY status ORDER BY status`,
          'overview-states',
        ),
        sql.rows<Overview['failures'][number]>(
          Prisma.sql`
            SELECT reason, count(*)::int AS jobs FROM jobs
            WHERE project_id = ${projectId} AND status = 'failed' AND finished_at >= ${since}::timestamptz
              AND created_at >= ${new Date(since.getTime() - LONGEST_RUN_MS)}::timestamptz
            GROUP BY reason ORDER BY jobs DESC, reason`,
          'overview-failures',
        ),
        sql.rows<Overview['hours'][number]>(
          Prisma.sql`
            SELECT date_trunc('hour', created_at) AS hour, count(*)::int AS created,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at)::float8) AS "waitSeconds"
            FROM jobs WHERE project_id = ${projectId} AND created_at >= ${since}::timestamptz GROUP BY 1 ORDER BY 1`,
          'overview-hours',
        ),
        readQueue(sql, projectId, since),
      ]);
      return { states, failures, hours, queue };
    },
  };
}

/** Everything that waited since, as a step up and, where it has started or ended, a step down; those that wait since before are there from the first hour. */
function readQueue(sql: Sql, projectId: string, since: Date): Promise<Overview['queue']> {
  const statement = Prisma.sql`
    WITH waits AS (
      SELECT created_at, NULL::timestamptz AS left_at FROM jobs WHERE project_id = ${projectId} AND status = 'queued' AND started_at IS NULL
      UNION ALL SELECT created_at, started_at FROM jobs WHERE project_id = ${projectId} AND started_at >= ${since}::timestamptz
      UNION ALL SELECT created_at, finished_at FROM jobs
        WHERE project_id = ${projectId} AND status IN ('failed', 'cancelled') AND started_at IS NULL AND finished_at >= ${since}::timestamptz
          AND created_at >= ${new Date(since.getTime() - LONGEST_RUN_MS)}::timestamptz
    ), steps AS (
      SELECT greatest(created_at, ${since}::timestamptz) AS at, 1 AS step FROM waits
      UNION ALL SELECT left_at, -1 FROM waits WHERE left_at IS NOT NULL)
    SELECT date_trunc('hour', at) AS hour, (sum(sum(step)) OVER (ORDER BY date_trunc('hour', at)))::int AS queued FROM steps GROUP BY 1 ORDER BY 1`;
  return sql.rows<Overview['queue'][number]>(statement, 'overview-queue');
}
