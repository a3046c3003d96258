import { z } from 'zod';
import { metadataSchema } from './create-job.ts';
import { decodingSchema } from './decoding.ts';

/** Parameters that chat completions, completions and comparisons share. */

const unsupported = (what: string) => ({ error: `${what} is not supported: leave it out.` });
/** Accepts only the value that changes nothing, so that no client believes in an effect that is not there. */
export const only = <Value extends string | number | boolean>(value: Value, what: string) =>
  z.literal(value, { error: `${what} other than ${JSON.stringify(value)} is not supported.` }).nullish();
export const refused = (what: string) => z.null(unsupported(what)).optional();

const stopSequence = z.string().min(1, 'A stop sequence has at least one character.').max(256);
const maxTokens = z.number().int().min(1).max(4096).nullish();

export const samplingShape = {
  max_tokens: maxTokens,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.number().int().min(-2_147_483_648).max(2_147_483_647).nullish(),
  stop: z.union([stopSequence, z.array(stopSequence).min(1).max(4)], { error: 'Give one stop sequence, or a list of 1 to 4.' }).nullish(),
  capstan: decodingSchema.nullish(),
};

/** What OpenAI documents for both kinds of completion and has no effect on this server. */
export const commonCompletionShape = {
  model: z.string().min(1).max(256),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() }).nullish(),
  n: only(1, 'n'),
  frequency_penalty: only(0, 'frequency_penalty'),
  presence_penalty: only(0, 'presence_penalty'),
  logit_bias: z
    .record(z.string(), z.number())
    .refine((bias) => Object.keys(bias).length === 0, 'logit_bias is not supported: leave it out.')
    .nullish(),
  user: z.string().max(512).nullish(),
};

/** Accepted because it changes nothing about the answer: bookkeeping of OpenAI's platform. */
export const ignoredChatShape = {
  metadata: metadataSchema.nullish(),
  store: z.boolean().nullish(),
  service_tier: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  verbosity: z.string().nullish(),
  reasoning_effort: z.string().nullish(),
};

export const usageSchema = z.looseObject({
  prompt_tokens: z.number().int(),
  completion_tokens: z.number().int(),
  total_tokens: z.number().int(),
});
export type Usage = z.infer<typeof usageSchema>;

export const finishReasonSchema = z.enum(['stop', 'length']);
export const generationSpeedSchema = z.looseObject({ tokens_per_second: z.number().nullable() });
