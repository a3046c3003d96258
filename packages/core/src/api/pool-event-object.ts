import { z } from 'zod';
import { SCALE_REASONS } from '../decide-scale.ts';
import { pageQuerySchema } from './list.ts';

/** Why a pool changed: the autoscaler's reasons, and that an operator wanted it so. */
export const POOL_EVENT_REASONS = [...SCALE_REASONS, 'ByOperator'] as const;
export type PoolEventReason = (typeof POOL_EVENT_REASONS)[number];

/** One change of a pool: by whom, from what size to what, and why. Which operator it was stands in the audit trail. */
export const poolEventObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('pool.event'),
  created_at: z.number().int(),
  pool: z.string(),
  actor: z.string().meta({ description: '"autoscaler" or "operator"' }),
  action: z.string().meta({ description: '"pool.scale" of the autoscaler, "pool.update" or "pool.drain" of an operator' }),
  reason: z.enum(POOL_EVENT_REASONS),
  message: z.string(),
  before: z.looseObject({ max_workers: z.number().int() }),
  after: z.looseObject({ max_workers: z.number().int() }),
});
export type PoolEventObject = z.infer<typeof poolEventObjectSchema>;
export const listPoolEventsQuerySchema = pageQuerySchema({ defaultLimit: 20, maxLimit: 100 });
