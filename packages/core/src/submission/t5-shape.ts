import { z } from 'zod';
import { countActivations, type Lengths, type LinearModule, type ModelShape } from './model-shape.ts';

const count = z.number().int().positive();

/** What an estimate needs of a T5 `config.json`, under its Hugging Face names. */
export const t5ConfigSchema = z.object({
  d_model: count,
  d_kv: count,
  d_ff: count,
  num_layers: count,
  num_decoder_layers: count.optional(),
  num_heads: count,
  vocab_size: count,
  feed_forward_proj: z.string().default('relu'),
});
type T5Config = z.infer<typeof t5ConfigSchema>;

export function t5Shape(config: T5Config): ModelShape {
  return {
    task: 'SEQ_2_SEQ_LM',
    positions: null,
    modules: listModules(config),
    ...countActivations((lengths) => activations(config, lengths)),
  };
}

/**
 * Fitted to T5s of 7 and 77 M parameters, adapter and full, under the WebAssembly backend, which keeps more tensors than a fused
 * implementation would. A decoder layer has a second attention, over the source.
 */
function activations(shape: T5Config, { source, target }: Lengths) {
  const perToken = 60 * shape.d_model + 24 * shape.d_ff;
  const scores = 8 * shape.num_heads;
  const encoder = { layers: shape.num_layers, perLayer: source * (perToken + scores * source), inputs: source * shape.d_model };
  const perDecoderLayer = target * (1.5 * perToken + scores * (source + target));
  const decoder = { layers: shape.num_decoder_layers ?? shape.num_layers, perLayer: perDecoderLayer, inputs: target * shape.d_model };
  return { stacks: [encoder, decoder], head: 4 * target * shape.vocab_size };
}

function listModules(shape: T5Config): LinearModule[] {
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

function attention({ d_model: model, d_kv: key, num_heads: heads }: T5Config, path: string): LinearModule[] {
  const inward = ['q', 'k', 'v'].map((part) => ({ name: `${path}.${part}`, inputs: model, outputs: heads * key }));
  return [...inward, { name: `${path}.o`, inputs: heads * key, outputs: model }];
}

function feedForward({ d_model: model, d_ff: inner, feed_forward_proj: kind }: T5Config, path: string): LinearModule[] {
  const widenings = kind.startsWith('gated') ? ['wi_0', 'wi_1'] : ['wi'];
  const widening = widenings.map((part) => ({ name: `${path}.${part}`, inputs: model, outputs: inner }));
  return [...widening, { name: `${path}.wo`, inputs: inner, outputs: model }];
}
