import { z } from 'zod';
import { pageQuerySchema } from './list.ts';

/** What a job leaves behind while it runs: events, checkpoints, metrics of steps, log lines. */

export const eventObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('fine_tuning.job.event'),
  created_at: z.number().int(),
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  type: z.enum(['message', 'metrics']).optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});
export type EventObject = z.infer<typeof eventObjectSchema>;
export const listEventsQuerySchema = pageQuerySchema({ defaultLimit: 20, maxLimit: 100 });

export const checkpointObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('fine_tuning.job.checkpoint'),
  created_at: z.number().int(),
  fine_tuned_model_checkpoint: z.string(),
  fine_tuning_job_id: z.string(),
  step_number: z.number().int(),
  metrics: z.looseObject({
    step: z.number().optional(),
    train_loss: z.number().optional(),
    train_mean_token_accuracy: z.number().optional(),
    valid_loss: z.number().optional(),
    valid_mean_token_accuracy: z.number().optional(),
    full_valid_loss: z.number().optional(),
    full_valid_mean_token_accuracy: z.number().optional(),
  }),
});
export type CheckpointObject = z.infer<typeof checkpointObjectSchema>;
export const listCheckpointsQuerySchema = pageQuerySchema({ defaultLimit: 10, maxLimit: 100 });

/** One optimizer step, or one evaluation (then `eval_loss` is set). `seq` is the cursor. */
export const metricObjectSchema = z.looseObject({
  seq: z.number().int(),
  step: z.number().int(),
  epoch: z.number().nullable(),
  train_loss: z.number().nullable(),
  eval_loss: z.number().nullable(),
  token_accuracy: z.number().nullable(),
  learning_rate: z.number().nullable(),
  grad_norm: z.number().nullable(),
  tokens_per_second: z.number().nullable(),
  memory_bytes: z.number().nullable(),
  elapsed_seconds: z.number().nullable(),
  created_at: z.number().int(),
});
export type MetricObject = z.infer<typeof metricObjectSchema>;
const seqCursor = z
  .string()
  .regex(/^\d{1,15}$/, 'Give the `seq` of the last item of the page before.')
  .transform(Number)
  .optional();
export const listMetricsQuerySchema = pageQuerySchema({ defaultLimit: 1_000, maxLimit: 5_000 }).extend({ after: seqCursor });

export const logObjectSchema = z.looseObject({
  seq: z.number().int(),
  attempt: z.number().int(),
  rank: z.number().int(),
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  created_at: z.number().int(),
});
export type LogObject = z.infer<typeof logObjectSchema>;
export const listLogsQuerySchema = pageQuerySchema({ defaultLimit: 200, maxLimit: 2_000 }).extend({
  after: seqCursor,
  attempt: z
    .string()
    .regex(/^\d{1,6}$/, 'Give the number of an attempt, from 1.')
    .transform(Number)
    .optional(),
  tail: z
    .enum(['true', 'false'], { error: 'Give true or false.' })
    .optional()
    .meta({ description: 'The last lines instead of the first; `after` does not count then.' }),
});

/** One file of the trained model, in PEFT's layout for an adapter. Its bytes are at `GET …/adapter/{path}`. */
export const adapterFileObjectSchema = z.looseObject({
  path: z.string(),
  object: z.literal('fine_tuning.job.adapter_file'),
  sha256: z.string(),
  bytes: z.number().int(),
});
export type AdapterFileObject = z.infer<typeof adapterFileObjectSchema>;
