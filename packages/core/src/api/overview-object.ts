import { z } from 'zod';
import { FAILURE_REASONS } from '../failure-reason.ts';
import { JOB_STATUSES } from '../job-status.ts';

/** A project at a glance: its jobs by state, and its last 24 hours. */
export const overviewObjectSchema = z.looseObject({
  object: z.literal('overview'),
  states: z.record(z.enum(JOB_STATUSES), z.number().int()),
  failures: z.array(z.looseObject({ reason: z.enum(FAILURE_REASONS).nullable(), jobs: z.number().int() })),
  /**
   * Each of the last 24 hours, by its start: jobs made in it, how long the median of them waited for its first start, and how many waited for
   * theirs at its end, or now.
   */
  hours: z.array(
    z.looseObject({ start: z.number().int(), created: z.number().int(), wait_seconds: z.number().nullable(), queued: z.number().int() }),
  ),
  /** Of attempts that ended in the last 24 hours. */
  gpu_seconds: z.number(),
  cost_usd: z.number(),
});
export type OverviewObject = z.infer<typeof overviewObjectSchema>;
