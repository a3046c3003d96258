import { z } from 'zod';

const figure = z.number().nullable();

/** Neighbouring steps drawn as one: means, with the range of the loss that they cover. */
export const curvePointSchema = z.looseObject({
  step: z.number().int(),
  train_loss: figure,
  train_loss_min: figure,
  train_loss_max: figure,
  eval_loss: figure,
  token_accuracy: figure,
  learning_rate: figure,
  grad_norm: figure,
  tokens_per_second: figure,
  memory_bytes: figure,
});
export type CurvePoint = z.infer<typeof curvePointSchema>;

/** A whole run, however long, in few points: `GET /v1/fine_tuning/jobs/{id}/curve`. */
export const curveObjectSchema = z.looseObject({
  object: z.literal('fine_tuning.job.curve'),
  /** Steps and evaluations behind the points. */
  steps: z.number().int(),
  data: z.array(curvePointSchema),
});
export type CurveObject = z.infer<typeof curveObjectSchema>;

const POINTS = 'Give a whole number from 10 to 5000.';
export const curveQuerySchema = z.strictObject({
  points: z
    .string()
    .regex(/^\d{1,4}$/, POINTS)
    .transform(Number)
    .pipe(z.number().min(10, POINTS).max(5_000, POINTS))
    .optional()
    .transform((points) => points ?? 1_000)
    .meta({ type: 'integer', minimum: 10, maximum: 5_000, default: 1_000, description: 'Points at most.' }),
});
