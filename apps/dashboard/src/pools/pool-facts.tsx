import type { PoolObject } from '@capstan/core';
import { bytes, dollars, duration } from '../format.ts';
import { type Fact, Facts } from '../shell/facts.tsx';
import { roomText } from './room-text.ts';

const MIB = 1024 * 1024;

export function PoolFacts({ pool }: { pool: PoolObject }) {
  return (
    <Facts
      facts={[
        ['Launcher', pool.launcher],
        ['Workers at most', String(pool.max_workers)],
        ['GPUs per worker', pool.gpus_per_worker === 0 ? 'none' : String(pool.gpus_per_worker)],
        ['Kept ready', String(pool.min_ready)],
        [pool.gpus_per_worker === 0 ? 'Price of a worker hour' : 'Price of a GPU hour', dollars(pool.price_per_gpu_hour)],
        ['Memory of a worker', pool.memory_mib === null ? 'as the job says' : bytes(pool.memory_mib * MIB)],
        ['Autoscaling', policyText(pool.autoscale), 'wide'],
        ...(pool.capacity === null ? [] : [['Room in its cluster', roomText(pool.capacity), 'wide'] satisfies Fact]),
      ]}
      columns={3}
    />
  );
}

function policyText({ enabled, floor, ceiling, target_wait_seconds: target }: PoolObject['autoscale']): string {
  return enabled ? `${floor} to ${ceiling} workers, wait below ${duration(target)}` : 'off';
}
