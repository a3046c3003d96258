import { z } from 'zod';
import { chatMessageSchema } from './chat-completion.ts';
import { finishReasonSchema, samplingShape, usageSchema } from './generation.ts';

/** One prompt, several models. A single fine-tuned model is compared with the base it came from. */
export const compareModelsRequestSchema = z
  .strictObject({
    ...samplingShape,
    models: z.array(z.string().min(1).max(256)).min(1, 'Name at least one model.').max(4, 'Name at most 4 models.'),
    prompt: z.string().nullish(),
    messages: z.array(chatMessageSchema).min(1, 'Give at least one message.').max(2_048).nullish(),
  })
  .refine(({ prompt, messages }) => (prompt == null) !== (messages == null), {
    path: ['prompt'],
    message: 'Give either `prompt` or `messages`.',
  });
export type CompareModelsRequest = z.infer<typeof compareModelsRequestSchema>;
export type CompareModelsRequestInput = z.input<typeof compareModelsRequestSchema>;

export const modelComparisonSchema = z.looseObject({
  object: z.literal('model.comparison'),
  data: z.array(
    z.looseObject({
      model: z.string(),
      kind: z.enum(['base', 'fine-tuned']),
      output: z.string(),
      finish_reason: finishReasonSchema,
      usage: usageSchema,
      tokens_per_second: z.number().nullable(),
    }),
  ),
});
export type ModelComparison = z.infer<typeof modelComparisonSchema>;
