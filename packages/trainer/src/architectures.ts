import { ModelError } from '@capstan/core';
import type { Architecture } from './architecture.ts';
import { bert } from './bert/bert.ts';
import { gpt2 } from './gpt2/gpt2.ts';
import { llama } from './llama/llama.ts';
import { t5 } from './t5/t5.ts';

/** By `model_type` in config.json. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  t5,
  gpt2,
  llama,
  mistral: llama,
  qwen2: llama,
  qwen3: llama,
  bert,
};

export function architectureOf(modelType: unknown): Architecture {
  const found = typeof modelType === 'string' && Object.hasOwn(ARCHITECTURES, modelType) ? ARCHITECTURES[modelType] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(ARCHITECTURES).map((name) => `"${name}"`);
  throw new ModelError(`config.json: model_type ${JSON.stringify(modelType)} is not supported; the trainer knows ${known.join(', ')}.`);
}
