import { z } from 'zod';
import { SCALE_REASONS } from '../decide-scale.ts';
import { pageQuerySchema } from './list.ts';

/** One thing that the platform changed in a pool by itself: what, from what to what, and why. */
export const poolEventObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('pool.event'),
  created_at: z.number().int(),
  pool: z.string(),
  actor: z.string().meta({ description: '"autoscaler"' }),
  action: z.string().meta({ description: '"pool.scale"' }),
  reason: z.enum(SCALE_REASONS),
  message: z.string(),
  before: z.looseObject({ max_workers: z.number().int() }),
  after: z.looseObject({ max_workers: z.number().int() }),
});
export type PoolEventObject = z.infer<typeof poolEventObjectSchema>;
export const listPoolEventsQuerySchema = pageQuerySchema({ defaultLimit: 20, maxLimit: 100 });
