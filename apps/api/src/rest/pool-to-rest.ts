import { type ApiKeyRole, mayAct, type Pool, type PoolObject } from '@capstan/core';
import type { PoolCapacityRecord } from '@capstan/db';
import { unixTime } from './unix-time.ts';

export interface PoolFacts {
  usage: PoolObject['usage'];
  capacity: PoolCapacityRecord | null;
}

/** The pool as a caller of this role may see it: the launcher's settings can hold what is none of a tenant's business. */
export function poolToRest(pool: Pool, { usage, capacity }: PoolFacts, role: ApiKeyRole): PoolObject {
  const { enabled, targetWaitSeconds, floor, ceiling, coolDownSeconds } = pool.autoscale;
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
    autoscale: { enabled, target_wait_seconds: targetWaitSeconds, floor, ceiling, cool_down_seconds: coolDownSeconds },
    ...(mayAct(role, 'operator') ? { settings: pool.settings } : {}),
    capacity: capacity && {
      ...{ slots: capacity.slots, nodes: capacity.nodes, closed_nodes: capacity.closedNodes },
      read_at: unixTime(capacity.readAt),
    },
    version: pool.version,
    usage,
  };
}
