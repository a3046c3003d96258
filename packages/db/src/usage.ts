import { Prisma } from './generated/client.ts';
import type { PrismaDatabase } from './prisma.ts';
import type { Sql } from './sql.ts';

/** What one ended attempt cost. */
export interface UsageRecord {
  jobId: string;
  attempt: number;
  projectId: string;
  poolId: string;
  gpuSeconds: number;
  costUsd: number;
  endedAt: Date;
}

export interface UsageRepository {
  /** One row per ended attempt, in their order. */
  listForJob(jobId: string): Promise<UsageRecord[]>;
  /** What attempts under way have used up to `now`, of those of these jobs that have one; they are billed when they end. */
  running(jobIds: readonly string[], now: Date): Promise<Map<string, Pick<UsageRecord, 'gpuSeconds' | 'costUsd'>>>;
  /** What a project used in attempts that ended in `from` ≤ t < `to`. */
  total(period: { projectId: string; from: Date; to: Date }): Promise<{ gpuSeconds: number; costUsd: number; attempts: number }>;
}

export function createUsageRepository({ prisma, sql }: { prisma: PrismaDatabase; sql: Sql }): UsageRepository {
  return {
    listForJob: (jobId) => prisma.usage.findMany({ where: { jobId }, orderBy: { attempt: 'asc' } }),
    async running(jobIds, now) {
      const statement = Prisma.sql`
        SELECT job_id AS "jobId", seconds AS "gpuSeconds", seconds / 3600 * price_per_gpu_hour AS "costUsd"
        FROM attempts, LATERAL (
          SELECT billed_units * greatest(0, extract(epoch FROM (${now}::timestamptz - launched_at)))::float8 AS seconds) AS used
        WHERE job_id = ANY(${[...jobIds]}) AND state = 'launched'`;
      type Row = Pick<UsageRecord, 'jobId' | 'gpuSeconds' | 'costUsd'>;
      const rows = await sql.rows<Row>(statement, 'running-usage');
      return new Map(rows.map(({ jobId, ...used }) => [jobId, used]));
    },
    async total({ projectId, from, to }) {
      const { _sum, _count } = await prisma.usage.aggregate({
        where: { projectId, endedAt: { gte: from, lt: to } },
        _sum: { gpuSeconds: true, costUsd: true },
        _count: true,
      });
      return { gpuSeconds: _sum.gpuSeconds ?? 0, costUsd: _sum.costUsd ?? 0, attempts: _count };
    },
  };
}
