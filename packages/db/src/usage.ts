import type { PrismaDatabase } from './prisma.ts';

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
  /** What a project used in attempts that ended in `from` ≤ t < `to`. */
  total(period: { projectId: string; from: Date; to: Date }): Promise<{ gpuSeconds: number; costUsd: number; attempts: number }>;
}

export function createUsageRepository(prisma: PrismaDatabase): UsageRepository {
  return {
    listForJob: (jobId) => prisma.usage.findMany({ where: { jobId }, orderBy: { attempt: 'asc' } }),
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
