import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { bertConfigSchema, bertShape } from './bert-shape.ts';
import { gpt2ConfigSchema, gpt2Shape, llamaConfigSchema, llamaShape } from './causal-shapes.ts';
import type { ModelShape } from './model-shape.ts';
import { t5ConfigSchema, t5Shape } from './t5-shape.ts';

const READERS: Readonly<Record<string, (config: unknown) => ModelShape>> = {
  t5: (config) => t5Shape(t5ConfigSchema.parse(config)),
  gpt2: (config) => gpt2Shape(gpt2ConfigSchema.parse(config)),
  llama: (config) => llamaShape(llamaConfigSchema.parse(config)),
  mistral: (config) => llamaShape(llamaConfigSchema.parse(config)),
  qwen2: (config) => llamaShape(llamaConfigSchema.parse(config)),
  qwen3: (config) => llamaShape(llamaConfigSchema.parse(config)),
  bert: (config) => bertShape(bertConfigSchema.parse(config)),
};

const typed = z.object({ model_type: z.string() });

/** Reads a Hugging Face `config.json`; a model that cannot be trained here throws a ModelError that says why. */
export function parseModelShape(config: unknown): ModelShape {
  const type = typed.safeParse(config).data?.model_type ?? '';
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read === undefined) {
    const known = Object.keys(READERS).join(', ');
    throw new ModelError(`Models of type ${type === '' ? 'unknown' : `"${type}"`} are not supported; these are: ${known}.`);
  }
  try {
    return read(config);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    throw new ModelError(`config.json is not that of a ${type} model: ${cause.issues[0]?.path.join('.')} is missing or wrong.`, { cause });
  }
}
