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
}

export interface OverviewRepository {
  read(projectId: string, since: Date): Promise<Overview>;
}

/** No job runs longer than this before it fails, as far as the count of failures goes: it bounds the scan. */
const LONGEST_RUN_MS = 14 * 24 * 60 * 60_000;

export function createOverviewRepository(sql: Sql): OverviewRepository {
  return {
    async read(projectId, since) {
      const [states, failures, hours] = await Promise.all([
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
      ]);
      return { states, failures, hours };
    },
  };
}
