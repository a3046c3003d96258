import { z } from 'zod';

/** The worker's environment, as launchers set it. */
export const workerConfigSchema = z.object({
  CAPSTAN_KIND: z.enum(['train', 'serve']).default('train'),
  /** Host and port of the scheduler's gRPC address. */
  CAPSTAN_SCHEDULER_ADDRESS: z.string().min(1),
  /** A file that holds the token of the attempt; never the token itself, for environments are easily seen. */
  CAPSTAN_TOKEN_FILE: z.string().min(1),
  CAPSTAN_JOB_ID: z.string().min(1),
  CAPSTAN_ATTEMPT: z.coerce.number().int().min(1),
  CAPSTAN_EPOCH: z.coerce.number().int().min(0),
  CAPSTAN_RANK: z.coerce.number().int().min(0),
  CAPSTAN_WORLD_SIZE: z.coerce.number().int().min(1),
  /** Models and datasets by content, shared by all workers of the machine. */
  CAPSTAN_CACHE_DIR: z.string().min(1),
  /** What that directory may hold: beyond it, what was used longest ago is deleted. */
  CAPSTAN_CACHE_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(20 * 1024 ** 3),
  /** A directory of this rank alone, for what waits for the scheduler; without it the system's place for temporary files. */
  CAPSTAN_RANK_DIR: z.string().optional(),
  /** Tried first; without it the fastest that computes correctly is taken. */
  CAPSTAN_BACKEND: z.enum(['tfjs-node', 'wasm', 'cpu']).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});
export type WorkerConfig = z.infer<typeof workerConfigSchema>;
