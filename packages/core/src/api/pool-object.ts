import { z } from 'zod';
import { autoscalePolicySchema } from '../autoscale-policy.ts';
import { kubernetesPoolSettingsSchema } from '../kubernetes-pool-settings.ts';
import { poolSchema } from '../pool.ts';

const policy = autoscalePolicySchema.shape;
const autoscaleObjectSchema = z.looseObject({
  enabled: z.boolean(),
  target_wait_seconds: z.number().int(),
  floor: z.number().int(),
  ceiling: z.number().int(),
  cool_down_seconds: z.number().int(),
});

export const poolObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('pool'),
  launcher: poolSchema.shape.launcher,
  max_workers: z.number().int(),
  min_ready: z.number().int(),
  gpus_per_worker: z.number().int(),
  price_per_gpu_hour: z.number(),
  paused: z.boolean(),
  memory_mib: z.number().int().nullable(),
  /** When `max_workers` follows the queue by itself, and how far. */
  autoscale: autoscaleObjectSchema,
  /** The launcher's own; for operators only. */
  settings: poolSchema.shape.settings.unwrap().optional(),
  /** What the nodes of its cluster could hold, if nothing else ran there; null for local pools, and where nobody may look. */
  capacity: z
    .looseObject({ slots: z.number().int(), nodes: z.number().int(), closed_nodes: z.number().int(), read_at: z.number().int() })
    .nullable(),
  /** Grows with every change; send it back with PATCH to change only what you saw. */
  version: z.number().int(),
  usage: z.looseObject({ reserved: z.number().int(), running: z.number().int(), queued: z.number().int() }),
});
export type PoolObject = z.infer<typeof poolObjectSchema>;

/** Members that are left out stay as they are. */
const autoscaleRequestSchema = z.strictObject({
  enabled: policy.enabled.unwrap().optional(),
  target_wait_seconds: policy.targetWaitSeconds.unwrap().optional().meta({ description: 'As long as a job may wait before it starts.' }),
  floor: policy.floor.unwrap().optional(),
  ceiling: policy.ceiling.unwrap().optional(),
  cool_down_seconds: policy.coolDownSeconds
    .unwrap()
    .optional()
    .meta({ description: 'At least so long between two changes, and without use before workers are given up.' }),
});
export type AutoscaleRequest = z.infer<typeof autoscaleRequestSchema>;

const SETTINGS = `The launcher's own, whole. Of a pool on Kubernetes, image at least; its names are ${Object.keys(kubernetesPoolSettingsSchema.shape).join(', ')}.`;

const changeable = {
  max_workers: poolSchema.shape.maxWorkers.optional(),
  min_ready: z.number().int().min(0).max(10_000).optional(),
  gpus_per_worker: z.number().int().min(0).max(64).optional().meta({ description: 'Of jobs that are submitted from then on.' }),
  price_per_gpu_hour: z.number().min(0).max(1_000_000).optional(),
  paused: z.boolean().optional(),
  memory_mib: z.number().int().min(64).max(16_777_216).nullable().optional(),
  autoscale: autoscaleRequestSchema.optional(),
  settings: poolSchema.shape.settings.unwrap().optional().meta({ description: SETTINGS }),
};

export const createPoolRequestSchema = z.strictObject({
  ...changeable,
  id: z
    .string({ error: 'Give the name of the pool.' })
    .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'A pool name holds lower-case letters, digits and "-" only.'),
  launcher: z.enum(['kubernetes', 'process'], { error: 'Give kubernetes or process.' }),
  max_workers: poolSchema.shape.maxWorkers,
});
export type CreatePoolRequest = z.input<typeof createPoolRequestSchema>;

export const updatePoolRequestSchema = z
  .strictObject({ ...changeable, version: z.number().int().min(0).max(2_147_483_647).optional() })
  .refine((patch) => Object.keys(patch).some((name) => name !== 'version'), 'Name at least one member to change, e.g. "max_workers".');
export type UpdatePoolRequest = z.infer<typeof updatePoolRequestSchema>;
