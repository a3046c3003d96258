import type { PoolObject } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { draftOf, FRESH_POOL, problemsOf, requestOf } from './pool-draft.ts';

const POOL: PoolObject = {
  id: 'a100',
  object: 'pool',
  launcher: 'kubernetes',
  max_workers: 8,
  min_ready: 1,
  gpus_per_worker: 4,
  price_per_gpu_hour: 2.1,
  paused: false,
  memory_mib: null,
  autoscale: { enabled: false, target_wait_seconds: 300, floor: 0, ceiling: 10, cool_down_seconds: 300 },
  settings: { image: 'worker@sha256:1', nodeSelector: { zone: 'a', 'nvidia.com/gpu.product': 'A100' } },
  capacity: null,
  version: 3,
  usage: { reserved: 0, running: 0, queued: 0 },
};

describe('the form of a pool', () => {
  it('gives back what the pool has, where nothing is changed', () => {
    const { id, launcher, max_workers, min_ready, gpus_per_worker, price_per_gpu_hour, memory_mib, settings } = POOL;
    const members = { id, launcher, max_workers, min_ready, gpus_per_worker, price_per_gpu_hour, memory_mib, settings };
    expect(draftOf(POOL).nodeSelector).toBe('zone=a, nvidia.com/gpu.product=A100');
    expect(requestOf(draftOf(POOL))).toEqual(members);
    const { settings: _hidden, ...seenByAViewer } = POOL;
    expect(requestOf(draftOf(seenByAViewer))).toMatchObject({ settings: {} });
  });

  it('says what is wrong, in its place', () => {
    expect(problemsOf(FRESH_POOL)).toEqual({});
    expect(problemsOf({ ...FRESH_POOL, nodeSelector: 'zone = a ,gpu=yes,', settings: '{"cpu":"2"}' })).toEqual({});
    for (const nodeSelector of ['zone', '=a', 'zone=', 'a=b, c'])
      expect(problemsOf({ ...FRESH_POOL, nodeSelector })).toHaveProperty('nodeSelector');
    for (const settings of ['{', '[]', '7', 'null']) expect(problemsOf({ ...FRESH_POOL, settings })).toHaveProperty('settings');
  });
});
