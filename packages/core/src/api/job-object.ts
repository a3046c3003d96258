import { z } from 'zod';
import { FAILURE_REASONS } from '../failure-reason.ts';
import { JOB_STATUSES } from '../job-status.ts';
import { WAIT_REASONS } from '../wait-reason.ts';
import { dpoHyperparametersSchema, hyperparametersSchema } from './create-job.ts';
import { pageQuerySchema } from './list.ts';

const evaluationSchema = z.looseObject({
  loss: z.number(),
  /** e to the loss; null where that is more than a number holds, and for pairs of answers. */
  perplexity: z.number().nullable(),
  token_accuracy: z.number(),
  rouge1: z.number(),
  rouge2: z.number(),
  rougeL: z.number(),
  /** ROUGE-L over lines as sentences; null where an earlier release measured. */
  rougeLsum: z.number().nullable(),
  rows: z.number().int(),
});

export const jobResultObjectSchema = z.looseObject({
  base: evaluationSchema.nullable(),
  adapter: evaluationSchema.nullable(),
  samples: z.array(z.looseObject({ prompt: z.string(), reference: z.string(), before: z.string(), after: z.string() })),
  generation_tokens_per_second: z.number().nullable(),
  backend: z.string(),
  peak_memory_bytes: z.number().nullable(),
});

export const jobEstimateObjectSchema = z.looseObject({
  object: z.literal('fine_tuning.job.estimate').optional(),
  steps: z.number().int(),
  trained_tokens: z.number(),
  trainable_parameters: z.number(),
  trainable_share: z.number(),
  peak_memory_bytes: z.number(),
  seconds: z.number(),
  seconds_basis: z.enum(['measured', 'default']),
  cost_usd: z.number(),
  warnings: z.array(z.string()),
});
export type JobEstimateObject = z.infer<typeof jobEstimateObjectSchema>;

/** What a person needs to do something about it. */
export const jobFailureObjectSchema = z.looseObject({
  reason: z.enum(FAILURE_REASONS),
  /** What to do next. */
  advice: z.string(),
  /** Whether failures of this kind are tried again: never, while attempts are left, or always. */
  retry: z.enum(['never', 'budgeted', 'free']),
  attempt: z.number().int(),
  /** Of the rank that failed, 128 and the signal where it was killed; null where it is not known. */
  exit_code: z.number().int().nullable(),
  last_step: z.number().int().nullable(),
  /** The last 50 lines of the attempt's log, oldest first. */
  log_tail: z.array(z.string()),
});

export const jobProgressObjectSchema = z.looseObject({
  step: z.number().int(),
  total_steps: z.number().int(),
  epoch: z.number(),
  train_loss: z.number().nullable(),
  eval_loss: z.number().nullable(),
  learning_rate: z.number().nullable(),
  tokens_per_second: z.number().nullable(),
  phase: z.string(),
  elapsed_seconds: z.number(),
});

/** What OpenAI's job has no member for: the exact state, why it waits, what was resolved, what it costs. */
export const capstanJobSchema = z.looseObject({
  state: z.enum(JOB_STATUSES),
  /** Why the job waits or failed; null while it runs and when it succeeded. */
  reason: z.enum([...WAIT_REASONS, ...FAILURE_REASONS]).nullable(),
  message: z.string().nullable(),
  /** Place in its pool's queue, from 1; null where the job is not in the queue. */
  position: z.number().int().nullable(),
  ahead: z.number().int().nullable(),
  /** Seconds until it starts, likely and if things go slowly; null where that cannot be told, and for jobs that do not wait. */
  eta: z.looseObject({ p50: z.number(), p90: z.number() }).nullable(),
  /** The likely one of these, or what is left of a job that runs. */
  eta_seconds: z.number().nullable(),
  pool: z.string(),
  /** The name of the key that submitted it. */
  owner: z.string().nullable(),
  /** The job that this one repeats. */
  retry_of: z.string().nullable(),
  priority: z.number().int(),
  attempt: z.number().int(),
  failures: z.number().int(),
  max_attempts: z.number().int(),
  not_before: z.number().int().nullable(),
  deadline_at: z.number().int().nullable(),
  started_at: z.number().int().nullable(),
  progress: jobProgressObjectSchema.nullable(),
  estimate: jobEstimateObjectSchema,
  cost_usd: z.number(),
  gpu_seconds: z.number(),
  result: jobResultObjectSchema.nullable(),
  /** How the last attempt of a failed job ended; null for others, and in lists. */
  failure: jobFailureObjectSchema.nullable(),
  method: z.enum(['lora', 'full']),
  init: z.enum(['pretrained', 'random']),
  lora: z
    .looseObject({
      r: z.number(),
      alpha: z.number(),
      dropout: z.number(),
      /** Names, or a text: a regular expression or "all-linear". */
      target_modules: z.union([z.string(), z.array(z.string())]),
      use_rslora: z.boolean(),
      use_dora: z.boolean(),
      modules_to_save: z.array(z.string()),
      layers_to_transform: z.array(z.number().int()).nullable(),
    })
    .nullable(),
  training: z.looseObject({
    total_steps: z.number().int(),
    batch_size: z.number().int(),
    micro_batch_size: z.number().int(),
    learning_rate: z.number(),
    warmup_steps: z.number().int(),
    decay: z.string(),
    weight_decay: z.number(),
    max_grad_norm: z.number(),
    label_smoothing: z.number(),
    gradient_checkpointing: z.boolean(),
    dropout: z.number().nullable(),
    max_source_tokens: z.number().int(),
    max_target_tokens: z.number().int(),
    eval_every_steps: z.number().int(),
    eval_rows: z.number().int(),
    rouge_rows: z.number().int(),
    checkpoint_every_steps: z.number().int(),
    checkpoint_every_seconds: z.number().int(),
  }),
  /** How evaluations and samples are decoded; null members have no effect. */
  generation: z.looseObject({
    repetition_penalty: z.number().nullable(),
    num_beams: z.number().int().nullable(),
    length_penalty: z.number().nullable(),
    early_stopping: z.union([z.boolean(), z.literal('never')]).nullable(),
  }),
  resources: z.looseObject({ workers: z.number().int(), gpus_per_worker: z.number().int(), memory_mib: z.number().nullable() }),
});
export type CapstanJob = z.infer<typeof capstanJobSchema>;

export const jobObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('fine_tuning.job'),
  created_at: z.number().int(),
  finished_at: z.number().int().nullable(),
  error: z.looseObject({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
  fine_tuned_model: z.string().nullable(),
  hyperparameters: hyperparametersSchema,
  model: z.string(),
  organization_id: z.string(),
  result_files: z.array(z.string()),
  status: z.enum(['validating_files', 'queued', 'running', 'succeeded', 'failed', 'cancelled']),
  trained_tokens: z.number().int().nullable(),
  training_file: z.string(),
  validation_file: z.string().nullable(),
  seed: z.number().int(),
  estimated_finish: z.number().int().nullish(),
  integrations: z.array(z.unknown()).max(5).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  method: z
    .looseObject({
      type: z.enum(['supervised', 'dpo', 'reinforcement']),
      supervised: z.looseObject({ hyperparameters: hyperparametersSchema.optional() }).optional(),
      dpo: z.looseObject({ hyperparameters: dpoHyperparametersSchema.optional() }).optional(),
    })
    .optional(),
  capstan: capstanJobSchema,
});
export type JobObject = z.infer<typeof jobObjectSchema>;

/** Orders of a list of jobs, each with an index of its own. */
export const JOB_SORTS = ['created', 'oldest', 'priority', 'wait', 'duration'] as const;
export type JobSort = (typeof JOB_SORTS)[number];

const STATES = { error: `Give one of ${JOB_STATUSES.join(', ')}.` };

/** `metadata[key]=value` pairs are gathered into `metadata` before this schema sees them; `metadata=null` finds jobs without any. */
export const listJobsQuerySchema = pageQuerySchema({ defaultLimit: 20, maxLimit: 100 }).extend({
  metadata: z.union([z.literal('null'), z.record(z.string(), z.string())]).optional(),
  'capstan[state]': z.enum(JOB_STATUSES, STATES).optional(),
  'capstan[pool]': z.string().min(1).max(40).optional(),
  'capstan[model]': z.string().min(1).max(256).optional().meta({ description: 'The base model.' }),
  'capstan[owner]': z.string().min(1).max(128).optional().meta({ description: 'The name of the key that submitted it.' }),
  'capstan[sort]': z
    .enum(JOB_SORTS, { error: `Give one of ${JOB_SORTS.join(', ')}.` })
    .optional()
    .meta({
      description:
        '`created` (the default) has the newest first, `oldest` the oldest, `priority` the most urgent, `wait` the longest until the first start, `duration` the longest from start to end.',
    }),
  'capstan[search]': z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'The beginning of an id, or a part of a suffix or of the name of the trained model.' }),
});
