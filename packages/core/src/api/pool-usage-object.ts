import { z } from 'zod';

const MOST_HOURS = 168;
const message = `Give a whole number from 1 to ${MOST_HOURS}.`;

export const poolUsageQuerySchema = z.strictObject({
  hours: z
    .string()
    .regex(/^\d{1,3}$/, message)
    .transform(Number)
    .pipe(z.number().min(1, message).max(MOST_HOURS, message))
    .optional()
    .transform((hours) => hours ?? 24)
    .meta({ type: 'integer', minimum: 1, maximum: MOST_HOURS, default: 24, description: 'How far back.' }),
});

/** What the jobs of a pool held over time, in spans of one length; the last one is not over yet. */
export const poolUsageObjectSchema = z.looseObject({
  object: z.literal('pool.usage'),
  pool: z.string(),
  /** What is counted: GPUs, or workers where the pool has no GPUs. */
  unit: z.enum(['gpu', 'worker']),
  bucket_seconds: z.number().int(),
  data: z.array(z.looseObject({ start: z.number().int(), average: z.number(), peak: z.number().int() })),
});
export type PoolUsageObject = z.infer<typeof poolUsageObjectSchema>;
