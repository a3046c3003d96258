import { type AutoscalePolicy, type AutoscaleRequest, InvalidRequestError, type Pool } from '@capstan/core';

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

type Members = { [Name in keyof typeof NAMES]?: Pool[(typeof NAMES)[Name]] | undefined } & { autoscale?: AutoscaleRequest | undefined };

/** The members that a request names, under the names of the domain; those that it leaves out stay out, or in `policy` as they are. */
export function poolFromRest({ autoscale, ...members }: Members, policy: AutoscalePolicy): Partial<Pool> {
  const pairs = Object.entries(NAMES).flatMap(([wire, name]) => {
    const value = members[wire as keyof typeof NAMES];
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(pairs), ...(autoscale === undefined ? {} : { autoscale: policyFromRest(autoscale, policy) }) };
}

function policyFromRest(request: AutoscaleRequest, policy: AutoscalePolicy): AutoscalePolicy {
  const {
    enabled = policy.enabled,
    floor = policy.floor,
    ceiling = policy.ceiling,
    target_wait_seconds: targetWaitSeconds = policy.targetWaitSeconds,
    cool_down_seconds: coolDownSeconds = policy.coolDownSeconds,
  } = request;
  if (floor > ceiling) {
    const message = `Invalid value for 'autoscale.floor'. The floor is ${floor}, and the ceiling ${ceiling}: it cannot be below.`;
    throw new InvalidRequestError(message, { param: 'autoscale.floor', reason: 'invalid_value' });
  }
  return { enabled, targetWaitSeconds, floor, ceiling, coolDownSeconds };
}
