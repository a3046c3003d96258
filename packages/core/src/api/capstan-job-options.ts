import { z } from 'zod';
import { ALL_LINEAR, loraConfigSchema } from '../lora-config.ts';
import { evaluationDecodingSchema } from './decoding.ts';

const count = (max: number) => z.number().int().min(0).max(max);
const positiveCount = (max: number) => z.number().int().min(1).max(max);

/** PEFT's names on the wire. Members that are left out take the defaults of `loraConfigSchema`. */
const loraOptionsSchema = z.strictObject({
  r: loraConfigSchema.shape.r.unwrap().optional(),
  alpha: loraConfigSchema.shape.alpha.unwrap().optional(),
  dropout: loraConfigSchema.shape.dropout.unwrap().optional(),
  target_modules: loraConfigSchema.shape.targetModules
    .unwrap()
    .optional()
    .meta({ description: `Names of linear layers, e.g. ["q", "v"], a regular expression over whole paths, or "${ALL_LINEAR}".` }),
  use_rslora: loraConfigSchema.shape.rankStabilised.meta({ description: 'Scales by alpha / √r (rank-stabilised LoRA).' }),
  use_dora: loraConfigSchema.shape.weightDecomposed.meta({
    description: 'Trains the length of every column apart from its direction (DoRA).',
  }),
  modules_to_save: loraConfigSchema.shape.modulesToSave.meta({ description: 'Modules trained whole and kept in the adapter.' }),
  layers_to_transform: loraConfigSchema.shape.layersToTransform.meta({ description: 'Only these layers, from 0, are adapted.' }),
});

const trainingOptionsSchema = z.strictObject({
  max_steps: positiveCount(10_000_000).optional().meta({ description: 'Ends training after this many optimizer steps.' }),
  micro_batch_size: positiveCount(256).optional().meta({ description: 'Rows in one forward pass; divides batch_size.' }),
  learning_rate: z.number().positive().max(10).optional().meta({ description: 'Peak rate; instead of learning_rate_multiplier.' }),
  warmup_steps: count(10_000_000).optional(),
  decay: z.enum(['linear', 'cosine', 'constant']).optional(),
  weight_decay: z.number().min(0).max(10).optional(),
  max_grad_norm: z.number().positive().max(1_000_000).optional(),
  label_smoothing: z.number().min(0).lt(1).optional().meta({ description: 'Share of every label that is spread over the vocabulary.' }),
  gradient_checkpointing: z.boolean().optional().meta({ description: 'Keeps less in memory and takes longer; the result is the same.' }),
  dropout: z.number().min(0).lt(1).nullish().meta({ description: "Overrides the base's dropout_rate; null honours it." }),
  max_source_tokens: z.number().int().min(8).max(4096).optional(),
  max_target_tokens: z.number().int().min(4).max(4096).optional(),
  eval_every_steps: count(10_000_000).optional().meta({ description: '0 evaluates before the first and after the last step only.' }),
  eval_rows: count(100_000).optional(),
  rouge_rows: count(100_000).optional(),
  checkpoint_every_steps: count(10_000_000).optional().meta({ description: '0 leaves it to checkpoint_every_seconds.' }),
  checkpoint_every_seconds: count(10_000_000)
    .optional()
    .meta({ description: 'A checkpoint at the first step after this time, 600 by default; 0 leaves it to checkpoint_every_steps.' }),
});

const resourceOptionsSchema = z.strictObject({
  workers: positiveCount(1_024).optional().meta({ description: 'Ranks that train together.' }),
  gpus_per_worker: count(64).optional(),
  memory_mib: z.number().int().min(64).max(16_777_216).nullish(),
});

/** All that OpenAI has no word for. Unknown members are refused by name, because a typing error here would cost a training run. */
export const capstanJobOptionsSchema = z.strictObject({
  pool: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'A pool name holds lower-case letters, digits and "-" only.')
    .optional(),
  priority: count(100).optional().meta({ description: 'Smaller runs first; 50 where it is left out.' }),
  method: z.enum(['lora', 'full']).optional().meta({ description: '`lora` trains an adapter, `full` every weight.' }),
  init: z.enum(['pretrained', 'random']).optional().meta({ description: '`random` trains from scratch; only with `full`.' }),
  lora: loraOptionsSchema.optional(),
  training: trainingOptionsSchema.optional(),
  generation: evaluationDecodingSchema.optional().meta({ description: 'How evaluations and samples are decoded; greedily by default.' }),
  resources: resourceOptionsSchema.optional(),
  deadline_seconds: positiveCount(31_536_000).optional().meta({
    description:
      'Ends the job as failed if it still waits or runs this long after its creation; a paused job is looked at once it is resumed.',
  }),
  max_attempts: positiveCount(20).optional().meta({ description: 'Launches before a failing job is given up; 3 by default.' }),
});
export type CapstanJobOptions = z.infer<typeof capstanJobOptionsSchema>;
