import { z } from 'zod';

const milliseconds = (fallback: number) => z.coerce.number().int().min(1).default(fallback);

/** A program and its arguments: a JSON array, or words between spaces. */
const commandSchema = z.string().transform((text, context): string[] => {
  if (!text.trimStart().startsWith('[')) return text.trim().split(/\s+/);
  try {
    return z.array(z.string()).min(1).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON array of strings, or words between spaces' });
    return z.NEVER;
  }
});

/** The environment of a scheduler. Durations in milliseconds. */
export const configSchema = z
  .object({
    DATABASE_URL: z.string(),
    /** Without it the queue lives in Postgres. */
    REDIS_URL: z.string().optional(),
    QUEUE_DATABASE_URL: z.string().optional(),
    GRPC_ADDRESS: z.string().default('127.0.0.1:7070'),
    /**
     * Where workers find this very scheduler, if not at GRPC_ADDRESS: the ranks of a job meet here to sum their gradients, so it names one
     * replica, for instance by its pod. After a comma may follow what speaks for it when it is away: the service of all replicas.
     */
    ADVERTISED_ADDRESS: z.string().optional(),
    /** A directory with tls.crt, tls.key and ca.crt, as cert-manager fills a Secret: gRPC speaks TLS then, and workers are given the authority. */
    GRPC_TLS_DIR: z.string().optional(),
    /** Where `/healthz`, `/readyz` and `/metrics` are served, without keys; without it, nowhere. */
    HEALTH_ADDRESS: z.string().optional(),
    WORKER_TOKEN_SECRET: z.string().min(32),
    INTERNAL_TOKEN: z.string().min(16),
    ARTIFACTS_DIR: z.string(),
    /** Where this scheduler may start ranks as local processes, and what runs one; without them it starts none. */
    RUNS_DIR: z.string().optional(),
    CACHE_DIR: z.string().optional(),
    /** What CACHE_DIR may hold: workers delete what was used longest ago. */
    CACHE_MAX_BYTES: z.coerce
      .number()
      .int()
      .min(1)
      .default(20 * 1024 ** 3),
    WORKER_COMMAND: commandSchema.optional(),
    /** The namespace for ranks as pods; without it there are none. */
    KUBERNETES_NAMESPACE: z.string().optional(),
    /** Which cluster; without it the one that the scheduler itself runs in. */
    KUBECONFIG: z.string().optional(),
    LOG_LEVEL: z.string().default('info'),
    HEARTBEAT_INTERVAL_MS: milliseconds(5_000),
    HEARTBEAT_TIMEOUT_MS: milliseconds(60_000),
    STOP_GRACE_MS: milliseconds(60_000),
    /** How long some ranks of a job may hold places of a cluster while others find none, before all are given back. */
    GANG_TIMEOUT_MS: milliseconds(300_000),
    /** After SIGUSR2: how long ranks may take to save a checkpoint before they are ended by force. */
    DRAIN_GRACE_MS: milliseconds(20_000),
    /** How old a blob that nothing refers to must be before it is deleted. */
    ARTIFACT_GRACE_MS: z.coerce.number().int().min(60_000).default(3_600_000),
    CHECKPOINTS_KEPT: z.coerce.number().int().min(1).default(3),
    /** Where models are served; without it, the first pool. */
    SERVING_POOL: z.string().optional(),
    SERVING_MAX_WORKERS: z.coerce.number().int().min(0).default(2),
    SERVING_IDLE_MS: milliseconds(600_000),
  })
  .refine(({ HEARTBEAT_INTERVAL_MS, HEARTBEAT_TIMEOUT_MS }) => HEARTBEAT_TIMEOUT_MS >= 3 * HEARTBEAT_INTERVAL_MS, {
    path: ['HEARTBEAT_TIMEOUT_MS'],
    message: 'must be at least three heartbeat intervals',
  })
  .refine((config) => config.KUBERNETES_NAMESPACE !== undefined || config.WORKER_COMMAND !== undefined, {
    path: ['WORKER_COMMAND'],
    message: 'must be set, or KUBERNETES_NAMESPACE: a scheduler needs somewhere to start workers',
  })
  .refine(
    ({ WORKER_COMMAND, RUNS_DIR, CACHE_DIR }) => WORKER_COMMAND === undefined || (RUNS_DIR !== undefined && CACHE_DIR !== undefined),
    {
      path: ['RUNS_DIR'],
      message: 'must be set, and CACHE_DIR too, where WORKER_COMMAND is',
    },
  );
export type Config = z.infer<typeof configSchema>;
