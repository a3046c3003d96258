import type { Pool } from '@capstan/core';

const NAMES = {
  id: 'id',
  launcher: 'launcher',
  max_workers: 'maxWorkers',
  min_ready: 'minReady',
  gpus_per_worker: 'gpusPerWorker',
  price_per_gpu_hour: 'pricePerGpuHour',
  paused: 'paused',
  memory_mib: 'memoryMiB',
  settings: 'settings',
} as const satisfies Record<string, keyof Pool>;

/** The members that a request names, under the names of the domain; those that it leaves out stay out. */
export function poolFromRest(members: { [Name in keyof typeof NAMES]?: Pool[(typeof NAMES)[Name]] | undefined }): Partial<Pool> {
  const pairs = Object.entries(NAMES).flatMap(([wire, name]) => {
    const value = members[wire as keyof typeof NAMES];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(pairs);
}
