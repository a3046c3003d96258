import { z } from 'zod';
import { poolSchema } from '../pool.ts';

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
  /** Grows with every change; send it back with PATCH to change only what you saw. */
  version: z.number().int(),
  usage: z.looseObject({ reserved: z.number().int(), running: z.number().int(), queued: z.number().int() }),
});
export type PoolObject = z.infer<typeof poolObjectSchema>;

const changeable = {
  max_workers: poolSchema.shape.maxWorkers.optional(),
  min_ready: z.number().int().min(0).max(10_000).optional(),
  price_per_gpu_hour: z.number().min(0).max(1_000_000).optional(),
  paused: z.boolean().optional(),
  memory_mib: z.number().int().min(64).max(16_777_216).nullable().optional(),
};

export const createPoolRequestSchema = z.strictObject({
  ...changeable,
  id: z
    .string({ error: 'Give the name of the pool.' })
    .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'A pool name holds lower-case letters, digits and "-" only.'),
  launcher: z.enum(['kubernetes', 'process'], { error: 'Give kubernetes or process.' }),
  max_workers: poolSchema.shape.maxWorkers,
  gpus_per_worker: z.number().int().min(0).max(64).optional(),
  settings: poolSchema.shape.settings.optional().meta({ description: "The launcher's own: node selector, image, tolerations …" }),
});
export type CreatePoolRequest = z.input<typeof createPoolRequestSchema>;

export const updatePoolRequestSchema = z
  .strictObject({ ...changeable, version: z.number().int().min(0).max(2_147_483_647).optional() })
  .refine((patch) => Object.keys(patch).some((name) => name !== 'version'), 'Name at least one member to change, e.g. "max_workers".');
export type UpdatePoolRequest = z.infer<typeof updatePoolRequestSchema>;
