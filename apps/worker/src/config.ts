import { z } from 'zod';

/** The worker's environment, as launchers set it. */
export const workerConfigSchema = z.object({
  CAPSTAN_KIND: z.enum(['train', 'serve']).default('train'),
  /** Host and port of the scheduler's gRPC address, or several with commas between: ranks meet at the first. */
  CAPSTAN_SCHEDULER_ADDRESS: z.string().min(1),
  /** PEM of the authority that signs the scheduler's certificate; without it the worker speaks in the clear. */
  CAPSTAN_SCHEDULER_CA: z.string().optional(),
  /** The name in that certificate; without it the address must be in it. */
  CAPSTAN_SCHEDULER_NAME: z.string().optional(),
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
  CAPSTAN_BACKEND: z.enum(['tfjs-node', 'webgpu', 'wasm', 'cpu']).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});
export type WorkerConfig = z.infer<typeof workerConfigSchema>;

/** How the worker finds its scheduler, and tells it from others. */
export function schedulerOf(config: WorkerConfig) {
  const { CAPSTAN_SCHEDULER_ADDRESS: address, CAPSTAN_SCHEDULER_CA: authority, CAPSTAN_SCHEDULER_NAME: serverName } = config;
  return { address, tls: authority === undefined ? undefined : { authority, serverName } };
}
