import type { Pool } from './pool.ts';

const OTHER_SETTINGS = {
  minReady: 'workers kept ready',
  gpusPerWorker: 'GPUs per worker',
  pricePerGpuHour: 'price of a GPU hour',
  memoryMiB: 'memory of a worker',
  settings: "launcher's settings",
} as const satisfies Partial<Record<keyof Pool, string>>;

/** What an operator has done to a pool, for everybody who uses it: sizes and switches in full, of other settings only that they changed. */
export function describePoolChange(before: Pool, after: Pool, { isDrain }: { isDrain: boolean }): string {
  const changed = (name: keyof Pool) => JSON.stringify(before[name]) !== JSON.stringify(after[name]);
  const others = (Object.keys(OTHER_SETTINGS) as (keyof typeof OTHER_SETTINGS)[]).filter(changed).map((name) => OTHER_SETTINGS[name]);
  return [
    ...(changed('maxWorkers') ? [`Scaled from ${before.maxWorkers} to ${after.maxWorkers} workers.`] : []),
    ...(isDrain ? ['Drained: nothing more is launched, and its jobs save a checkpoint and pause.'] : []),
    ...(changed('paused') && !isDrain ? [after.paused ? 'Cordoned: nothing more is launched.' : 'Uncordoned.'] : []),
    ...(changed('autoscale') ? [describePolicy(after.autoscale)] : []),
    ...(others.length > 0 ? [`Changed: ${others.join(', ')}.`] : []),
  ].join(' ');
}

function describePolicy({ enabled, floor, ceiling, targetWaitSeconds }: Pool['autoscale']): string {
  if (!enabled) return 'Autoscaling is off.';
  return `Autoscaling is on: ${floor} to ${ceiling} workers, so that nobody waits longer than ${targetWaitSeconds} s.`;
}
