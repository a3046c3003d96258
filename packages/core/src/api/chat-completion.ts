import { z } from 'zod';
import {
  commonCompletionShape,
  finishReasonSchema,
  generationSpeedSchema,
  ignoredChatShape,
  only,
  refused,
  samplingShape,
  usageSchema,
} from './generation.ts';

const textPart = z.looseObject({ type: z.literal('text', { error: 'Only parts of type "text" are supported.' }), text: z.string() });
const content = z.union([z.string(), z.array(textPart).min(1)], { error: 'Give a text, or a list of parts of type "text".' });

export const chatMessageSchema = z
  .looseObject({
    role: z.enum(['system', 'developer', 'user', 'assistant'], { error: 'Give one of system, developer, user, assistant.' }),
    content,
    name: z.string().max(64).nullish(),
  })
  .transform(({ role, content }) => ({
    role: role === 'developer' ? ('system' as const) : role,
    content: typeof content === 'string' ? content : content.map((part) => part.text).join(''),
  }));

export const chatCompletionRequestSchema = z.strictObject({
  ...commonCompletionShape,
  ...samplingShape,
  ...ignoredChatShape,
  messages: z.array(chatMessageSchema).min(1, 'Give at least one message.').max(2_048),
  max_completion_tokens: samplingShape.max_tokens,
  logprobs: only(false, 'logprobs'),
  top_logprobs: only(0, 'top_logprobs'),
  response_format: z.looseObject({ type: z.literal('text', { error: 'Only response_format.type "text" is supported.' }) }).nullish(),
  modalities: z.array(z.literal('text', { error: 'Only the modality "text" is supported.' })).nullish(),
  tools: z.array(z.unknown()).max(0, 'Tools are not supported: leave them out.').nullish(),
  functions: z.array(z.unknown()).max(0, 'Functions are not supported: leave them out.').nullish(),
  tool_choice: z.enum(['none', 'auto'], { error: 'Tools are not supported: leave tool_choice out.' }).nullish(),
  function_call: z.enum(['none', 'auto'], { error: 'Functions are not supported: leave function_call out.' }).nullish(),
  audio: refused('audio'),
  prediction: refused('prediction'),
  web_search_options: refused('web_search_options'),
});
export type ChatCompletionRequest = z.infer<typeof chatCompletionRequestSchema>;
/** What a client writes, before defaults and transforms. */
export type ChatCompletionRequestInput = z.input<typeof chatCompletionRequestSchema>;

export const chatCompletionSchema = z.looseObject({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.number().int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.number().int(),
      message: z.looseObject({ role: z.literal('assistant'), content: z.string().nullable(), refusal: z.string().nullable() }),
      finish_reason: finishReasonSchema,
      logprobs: z.null(),
    }),
  ),
  usage: usageSchema,
  capstan: generationSpeedSchema,
});
export type ChatCompletion = z.infer<typeof chatCompletionSchema>;

export const chatCompletionChunkSchema = z.looseObject({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.number().int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.number().int(),
      delta: z.looseObject({ role: z.literal('assistant').optional(), content: z.string().nullish() }),
      finish_reason: finishReasonSchema.nullable(),
      logprobs: z.null().optional(),
    }),
  ),
  usage: usageSchema.nullish(),
  /** Only on the chunk that ends the text. */
  capstan: generationSpeedSchema.optional(),
});
export type ChatCompletionChunk = z.infer<typeof chatCompletionChunkSchema>;
