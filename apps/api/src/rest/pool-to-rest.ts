import type { Pool, PoolObject } from '@capstan/core';

export function poolToRest(pool: Pool, usage: PoolObject['usage']): PoolObject {
  return {
    id: pool.id,
    object: 'pool',
    launcher: pool.launcher,
    max_workers: pool.maxWorkers,
    min_ready: pool.minReady,
    gpus_per_worker: pool.gpusPerWorker,
    price_per_gpu_hour: pool.pricePerGpuHour,
    paused: pool.paused,
    memory_mib: pool.memoryMiB,
    version: pool.version,
    usage,
  };
}
