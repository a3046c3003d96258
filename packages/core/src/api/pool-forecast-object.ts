import { z } from 'zod';

function upTo(most: number) {
  const message = `Give a whole number from 0 to ${most}.`;
  return z
    .string()
    .regex(/^\d{1,5}$/, message)
    .transform(Number)
    .pipe(z.number().max(most, message))
    .optional();
}

/** Jobs of a queue that a forecast lists, at most. */
export const LONGEST_FORECAST = 1_000;
const USUAL_LENGTH = 200;

export const poolForecastQuerySchema = z.strictObject({
  limit: upTo(LONGEST_FORECAST)
    .transform((limit) => limit ?? USUAL_LENGTH)
    .meta({
      type: 'integer',
      minimum: 0,
      maximum: LONGEST_FORECAST,
      default: USUAL_LENGTH,
      description: 'Jobs of the queue that are listed.',
    }),
  max_workers: upTo(10_000).meta({ type: 'integer', description: 'What would happen if the pool had so many workers.' }),
  paused: z.enum(['true', 'false']).optional().meta({ description: 'What would happen if the pool were paused, or not.' }),
});

const forecastJobSchema = z.looseObject({
  /** Null where the job is another project's. */
  job_id: z.string().nullable(),
  model: z.string().nullable(),
  workers: z.number().int(),
  priority: z.number().int(),
});

/** What a pool runs, and when each job of its queue starts: the same sum that tells a job why it waits. */
export const poolForecastObjectSchema = z.looseObject({
  object: z.literal('pool.forecast'),
  pool: z.string(),
  max_workers: z.number().int(),
  paused: z.boolean(),
  running: z.array(forecastJobSchema.extend({ state: z.string(), seconds_left: z.number() })),
  /** The head of the queue, in its order. */
  queue: z.array(
    forecastJobSchema.extend({
      position: z.number().int(),
      queued_at: z.number().int(),
      /** Likely, and if things go slowly; null where it does not start as things stand. */
      starts_in_seconds: z.object({ p50: z.number(), p90: z.number() }).nullable(),
    }),
  ),
  /** Jobs that wait, those beyond the head of the queue too. */
  queued: z.number().int(),
  /** Jobs that would start at once. */
  starting: z.number().int(),
  /** Slots in use once those have started, and their price. */
  workers: z.number().int(),
  cost_per_hour: z.number(),
});
export type PoolForecastObject = z.infer<typeof poolForecastObjectSchema>;
