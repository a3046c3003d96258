import { randomUUID } from 'node:crypto';
import { type ChatCompletionRequest, decodingFromRest, type GenerateRequest, InvalidRequestError } from '@capstan/core';
import type { Model } from '@capstan/db';
import type { ApiContext } from '../api-context.ts';
import { findModel } from '../routes/models.ts';

export type Sampling = Pick<ChatCompletionRequest, 'max_tokens' | 'temperature' | 'top_p' | 'seed' | 'stop' | 'capstan'>;

const DEFAULT_MAX_TOKENS = 256;
/** OpenAI's default is 1; small summarising models are better read greedily, and the same question then has the same answer. */
const DEFAULT_TEMPERATURE = 0;

/** One question to one model, with every default filled in. */
export async function buildGenerateRequest(
  context: Pick<ApiContext, 'lookups'>,
  projectId: string,
  question: { model: string; input: GenerateRequest['input']; sampling: Sampling },
): Promise<GenerateRequest> {
  const { input, sampling } = question;
  const model = await findModel(context, projectId, question.model);
  return {
    requestId: randomUUID(),
    modelId: model.id,
    ...(await weightsOf(context, projectId, model)),
    input,
    maxTokens: sampling.max_tokens ?? DEFAULT_MAX_TOKENS,
    temperature: sampling.temperature ?? DEFAULT_TEMPERATURE,
    topP: sampling.top_p ?? 1,
    seed: sampling.seed ?? null,
    stop: sampling.stop == null ? [] : [sampling.stop].flat(),
    decoding: decodingOf(sampling),
  };
}

function decodingOf({ temperature, capstan }: Sampling): GenerateRequest['decoding'] {
  const decoding = decodingFromRest(capstan ?? {});
  if ((decoding.numBeams ?? 1) > 1 && (temperature ?? DEFAULT_TEMPERATURE) > 0) {
    throw new InvalidRequestError('Beams search and do not sample: leave out capstan.num_beams, or the temperature.', {
      param: 'capstan.num_beams',
    });
  }
  return decoding;
}

/** An adapter is served beside its base. A model of which every weight was trained replaces the base's files of the same name. */
async function weightsOf(
  context: Pick<ApiContext, 'lookups'>,
  projectId: string,
  model: Model,
): Promise<Pick<GenerateRequest, 'baseModel' | 'adapter'>> {
  if (model.base === null) return { baseModel: model.artifacts, adapter: null };
  const base = await findModel(context, projectId, model.base);
  if (model.method === 'lora') return { baseModel: base.artifacts, adapter: model.artifacts };
  const own = new Set(model.artifacts.map(({ path }) => path));
  return { baseModel: [...base.artifacts.filter(({ path }) => !own.has(path)), ...model.artifacts], adapter: null };
}
