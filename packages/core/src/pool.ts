import { z } from 'zod';
import { autoscalePolicySchema } from './autoscale-policy.ts';

/** A named set of slots: one worker takes one slot. Kubernetes' own names for what is Kubernetes'. */
export const poolSchema = z.object({
  id: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/),
  launcher: z.enum(['kubernetes', 'process']),
  /** How many workers may run at once. */
  maxWorkers: z.number().int().min(0).max(10_000),
  minReady: z.number().int().min(0).default(0),
  gpusPerWorker: z.number().int().min(0).default(0),
  pricePerGpuHour: z.number().min(0).default(0),
  /** A paused pool launches nothing; running jobs go on. */
  paused: z.boolean().default(false),
  /** Memory limit of a worker where the job names none. */
  memoryMiB: z.number().int().min(64).nullable().default(null),
  /** Launcher-specific settings: node selector, image, tolerations … */
  settings: z.record(z.string(), z.unknown()).default({}),
  autoscale: autoscalePolicySchema.prefault({}),
});
export type Pool = z.infer<typeof poolSchema> & { version: number };

/** What a cluster could hold of a pool, if nothing else ran there. */
export interface PoolCapacity {
  /** Workers for which the pool's nodes have room. */
  slots: number;
  /** Nodes that the pool may use now. */
  nodes: number;
  /** Nodes of the pool that take no work: cordoned, drained or not ready. */
  closedNodes: number;
}

/** Warm places worth keeping beside what jobs hold: no more than may ever be used, and none where nothing is launched. */
export function placesToKeep({ paused, minReady, maxWorkers }: Pick<Pool, 'paused' | 'minReady' | 'maxWorkers'>, reserved: number): number {
  return paused ? 0 : Math.min(minReady, Math.max(0, maxWorkers - reserved));
}

/** The most workers that may ever run at once in the pool as its operators have it: its size, or what its policy lets it grow to. */
export function mostWorkers({ maxWorkers, autoscale }: Pick<Pool, 'maxWorkers' | 'autoscale'>): number {
  return autoscale.enabled ? Math.max(maxWorkers, autoscale.ceiling) : maxWorkers;
}

/** Why a job of so many workers can never start in the pool as it is, or null. A pool without workers is closed for now, and not too small. */
export function widthRefusal(pool: Pick<Pool, 'id' | 'maxWorkers' | 'autoscale'>, workers: number): string | null {
  const most = mostWorkers(pool);
  if (most === 0 || workers <= most) return null;
  return `The job needs ${workers} workers and pool ${pool.id} has at most ${most}`;
}

/** Slots that cost money: GPUs where the pool has them, else one slot a worker. */
export function billedUnits(pool: Pick<Pool, 'gpusPerWorker'>, workers: number): number {
  return workers * Math.max(1, pool.gpusPerWorker);
}
