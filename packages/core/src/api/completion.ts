import { z } from 'zod';
import {
  commonCompletionShape,
  finishReasonSchema,
  generationSpeedSchema,
  only,
  refused,
  samplingShape,
  usageSchema,
} from './generation.ts';

const ONE_PROMPT = 'Give one prompt, as a text.';
const prompt = z.union([z.string(), z.array(z.string()).length(1, ONE_PROMPT)], { error: ONE_PROMPT });

export const completionRequestSchema = z.strictObject({
  ...commonCompletionShape,
  ...samplingShape,
  prompt: prompt.transform((value) => (typeof value === 'string' ? value : (value[0] ?? ''))),
  best_of: only(1, 'best_of'),
  echo: only(false, 'echo'),
  logprobs: refused('logprobs'),
  suffix: refused('suffix'),
});
export type CompletionRequest = z.infer<typeof completionRequestSchema>;

/** A whole completion, or one chunk of a streamed one: OpenAI gives both the same shape. */
export const completionSchema = z.looseObject({
  id: z.string(),
  object: z.literal('text_completion'),
  created: z.number().int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({ index: z.number().int(), text: z.string(), finish_reason: finishReasonSchema.nullable(), logprobs: z.null() }),
  ),
  usage: usageSchema.nullish(),
  capstan: generationSpeedSchema.optional(),
});
export type Completion = z.infer<typeof completionSchema>;
