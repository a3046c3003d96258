import { z } from 'zod';

const WEEK_SECONDS = 604_800;
const workers = z.number().int().min(0).max(10_000);

/** When the size of a pool follows its queue, and how far. */
export const autoscalePolicySchema = z.object({
  enabled: z.boolean().default(false),
  /** As long as a job may wait before it starts. */
  targetWaitSeconds: z.number().int().min(0).max(WEEK_SECONDS).default(300),
  /** The size is kept between these two. */
  floor: workers.default(0),
  ceiling: workers.default(10),
  /** At least so long between two changes of size, and so long without use before slots are given up. */
  coolDownSeconds: z.number().int().min(1).max(WEEK_SECONDS).default(300),
});
export type AutoscalePolicy = z.infer<typeof autoscalePolicySchema>;
