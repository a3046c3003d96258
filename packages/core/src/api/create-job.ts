import { z } from 'zod';
import { capstanJobOptionsSchema } from './capstan-job-options.ts';

/** A number within its bounds, or `auto`; absent and null mean `auto` too. */
function autoOr(number: (message: string) => z.ZodNumber, range: string) {
  const message = `Give "auto" or ${range}.`;
  return z.union([z.literal('auto'), number(message)], { error: message }).nullish();
}

/** OpenAI's three knobs; Capstan chooses where they say `auto`. */
export const hyperparametersSchema = z.strictObject({
  batch_size: autoOr((message) => z.number().int(message).min(1, message).max(256, message), 'a whole number from 1 to 256'),
  learning_rate_multiplier: autoOr((message) => z.number().gt(0, message).max(1_000, message), 'a number above 0, up to 1000'),
  n_epochs: autoOr((message) => z.number().int(message).min(1, message).max(50, message), 'a whole number from 1 to 50'),
});
export type Hyperparameters = z.infer<typeof hyperparametersSchema>;

/** Up to 16 pairs that Capstan keeps and filters by, never reads. */
export const metadataSchema = z
  .record(
    z.string().min(1).max(64, 'A metadata key has at most 64 characters.'),
    z.string().max(512, 'A metadata value has at most 512 characters.'),
  )
  .refine((metadata) => Object.keys(metadata).length <= 16, 'Metadata holds at most 16 pairs.');

/** Preference fine-tuning has one more. */
export const dpoHyperparametersSchema = hyperparametersSchema.extend({
  beta: autoOr((message) => z.number().gt(0, message).max(2, message), 'a number above 0, up to 2').meta({
    description: 'How strongly the trained model is held to the base; 0.1 where it is auto.',
  }),
});

const METHODS = 'Capstan trains with method.type "supervised" or "dpo"; reinforcement is not supported.';
const methodSchema = z
  .strictObject({
    type: z.enum(['supervised', 'dpo'], { error: METHODS }),
    supervised: z.strictObject({ hyperparameters: hyperparametersSchema.nullish() }).nullish(),
    dpo: z.strictObject({ hyperparameters: dpoHyperparametersSchema.nullish() }).nullish(),
  })
  .refine(({ type, supervised, dpo }) => (type === 'dpo' ? supervised : dpo) == null, {
    path: ['type'],
    message: 'Give the hyperparameters of this type of method only.',
  });

const NO_INTEGRATIONS =
  'No integration is connected to this server: leave `integrations` out. Metrics are at GET /v1/fine_tuning/jobs/{id}/metrics.';

/** Reading file ids and names leniently keeps "does not exist" the one answer for whatever is not an id of ours. */
const reference = (what: string) =>
  z
    .string({ error: `Give the id of ${what}.` })
    .min(1, `Give the id of ${what}.`)
    .max(256);

/** What may still be changed of a job that waits. */
export const updateJobRequestSchema = z.strictObject({
  priority: z.number({ error: 'Give a whole number from 0 to 100; smaller runs first.' }).int().min(0).max(100),
});
export type UpdateJobRequest = z.infer<typeof updateJobRequestSchema>;

export const createJobRequestSchema = z.strictObject({
  model: reference('a model that GET /v1/models lists').meta({ description: 'The base model, or a fine-tuned one to go on from.' }),
  training_file: reference('a file uploaded with purpose fine-tune'),
  validation_file: reference('a file uploaded with purpose fine-tune').nullish(),
  suffix: z
    .string()
    .min(1, 'A suffix has 1 to 64 characters.')
    .max(64, 'A suffix has 1 to 64 characters.')
    .regex(/[A-Za-z0-9]/, 'A suffix holds at least one letter or digit.')
    .nullish(),
  seed: z.number().int().min(0).max(2_147_483_647).nullish(),
  method: methodSchema.nullish(),
  metadata: metadataSchema.nullish(),
  integrations: z.array(z.unknown()).max(0, NO_INTEGRATIONS).nullish(),
  hyperparameters: hyperparametersSchema.nullish().meta({ deprecated: true, description: 'Use method.supervised.hyperparameters.' }),
  capstan: capstanJobOptionsSchema.nullish(),
});
export type CreateJobRequest = z.infer<typeof createJobRequestSchema>;
