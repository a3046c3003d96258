import { poolSchema } from '@capstan/core';
import { z } from 'zod';

/** A pool's name, or its settings as JSON: then the pool is made if there is none of that name. */
const defaultPoolSchema = z.string().transform((text, context) => {
  if (!text.trimStart().startsWith('{')) return { id: text, settings: null };
  try {
    const settings = poolSchema.parse(JSON.parse(text));
    return { id: settings.id, settings };
  } catch {
    context.addIssue({
      code: 'custom',
      message: 'must be the name of a pool, or its settings as JSON, e.g. {"id":"local","launcher":"process","maxWorkers":1}',
    });
    return z.NEVER;
  }
});

/** The environment of the API. */
export const configSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  DATABASE_URL: z.string(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
  /** Without it the queue lives in Postgres. */
  REDIS_URL: z.string().optional(),
  QUEUE_DATABASE_URL: z.string().optional(),
  SCHEDULER_ADDRESS: z.string().default('127.0.0.1:7070'),
  /** A file with the authority that signs the scheduler's certificate; without it the API speaks to it in the clear. */
  SCHEDULER_CA_FILE: z.string().optional(),
  INTERNAL_TOKEN: z.string().min(16, 'must have 16 characters or more'),
  ARTIFACTS_DIR: z.string(),
  UPLOADS_DIR: z.string(),
  /** Each folder in it is a base model that every project may use; several such directories stand as in PATH. */
  MODELS_DIR: z.string().optional(),
  /** The built dashboard. */
  DASHBOARD_DIR: z.string().optional(),
  /** A key with the role admin in the project `default`. */
  BOOTSTRAP_API_KEY: z.string().min(16, 'must have 16 characters or more').optional(),
  DEFAULT_POOL: defaultPoolSchema.default({ id: 'local', settings: null }),
  MAX_UPLOAD_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(512 * 1024 * 1024),
  MAX_JSON_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(1024 * 1024),
  SHUTDOWN_TIMEOUT_MS: z.coerce.number().int().min(0).default(10_000),
  LOG_LEVEL: z.string().default('info'),
});
export type Config = z.infer<typeof configSchema>;
