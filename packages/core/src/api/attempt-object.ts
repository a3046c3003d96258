import { z } from 'zod';

/** One launch of a job's ranks, from the intent to its end. */
export const attemptObjectSchema = z.looseObject({
  object: z.literal('fine_tuning.job.attempt'),
  attempt: z.number().int(),
  state: z.enum(['intended', 'launched', 'ended']),
  pool: z.string(),
  workers: z.number().int(),
  created_at: z.number().int(),
  launched_at: z.number().int().nullable(),
  ended_at: z.number().int().nullable(),
  /** Why it ended; null where it goes on or did what it should. */
  reason: z.string().nullable(),
  message: z.string().nullable(),
  exit_code: z.number().int().nullable(),
  last_step: z.number().int().nullable(),
  /** Steps after its last checkpoint, which the next attempt trained again; null where none followed. */
  lost_steps: z.number().int().nullable(),
  gpu_seconds: z.number().nullable(),
  cost_usd: z.number().nullable(),
});
export type AttemptObject = z.infer<typeof attemptObjectSchema>;
