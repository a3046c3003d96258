import { z } from 'zod';

const count = z.number().int().positive();

/** What an estimate needs of a T5 `config.json`, under its Hugging Face names. */
export const t5ShapeSchema = z.object({
  d_model: count,
  d_kv: count,
  d_ff: count,
  num_layers: count,
  num_decoder_layers: count.optional(),
  num_heads: count,
  vocab_size: count,
  feed_forward_proj: z.string().default('relu'),
});
export type T5Shape = z.infer<typeof t5ShapeSchema>;

export interface LinearModule {
  /** Its path in the model, e.g. `encoder.block.0.layer.0.SelfAttention.q`. */
  name: string;
  inputs: number;
  outputs: number;
}

/** Hundreds for a large model, and asked for with every job: each shape's list is made once. */
const listed = new WeakMap<T5Shape, readonly LinearModule[]>();

/** Every linear layer of a T5 but its head, by the paths that PEFT's `target_modules` match. */
export function linearModules(shape: T5Shape): readonly LinearModule[] {
  const known = listed.get(shape);
  if (known) return known;
  const modules = listModules(shape);
  listed.set(shape, modules);
  return modules;
}

function listModules(shape: T5Shape): LinearModule[] {
  const decoderLayers = shape.num_decoder_layers ?? shape.num_layers;
  const encoder = blocks('encoder', shape.num_layers).flatMap((block) => [
    ...attention(shape, `${block}.layer.0.SelfAttention`),
    ...feedForward(shape, `${block}.layer.1.DenseReluDense`),
  ]);
  const decoder = blocks('decoder', decoderLayers).flatMap((block) => [
    ...attention(shape, `${block}.layer.0.SelfAttention`),
    ...attention(shape, `${block}.layer.1.EncDecAttention`),
    ...feedForward(shape, `${block}.layer.2.DenseReluDense`),
  ]);
  return [...encoder, ...decoder];
}

function blocks(stack: 'encoder' | 'decoder', layers: number): string[] {
  return Array.from({ length: layers }, (_, i) => `${stack}.block.${i}`);
}

function attention({ d_model: model, d_kv: key, num_heads: heads }: T5Shape, path: string): LinearModule[] {
  const inward = ['q', 'k', 'v'].map((part) => ({ name: `${path}.${part}`, inputs: model, outputs: heads * key }));
  return [...inward, { name: `${path}.o`, inputs: heads * key, outputs: model }];
}

function feedForward({ d_model: model, d_ff: inner, feed_forward_proj: kind }: T5Shape, path: string): LinearModule[] {
  const widenings = kind.startsWith('gated') ? ['wi_0', 'wi_1'] : ['wi'];
  const widening = widenings.map((part) => ({ name: `${path}.${part}`, inputs: model, outputs: inner }));
  return [...widening, { name: `${path}.wo`, inputs: inner, outputs: model }];
}
