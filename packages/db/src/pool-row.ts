import { type Pool, poolSchema } from '@capstan/core';
import { type Pool as PoolRow, Prisma } from './generated/client.ts';

/** The columns of `pools` under the names that Prisma gives them. */
export const POOL_COLUMNS = Prisma.raw(
  `id, launcher, max_workers AS "maxWorkers", min_ready AS "minReady", gpus_per_worker AS "gpusPerWorker",
   price_per_gpu_hour AS "pricePerGpuHour", paused, memory_mib AS "memoryMiB", settings, autoscale, version, scaled_at AS "scaledAt",
   created_at AS "createdAt"`,
);

/** The one place where a row becomes a pool. */
export function toPool({ createdAt: _createdAt, scaledAt: _scaledAt, version, ...row }: PoolRow): Pool {
  return { ...poolSchema.parse(row), version };
}
