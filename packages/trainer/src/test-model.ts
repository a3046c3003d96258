import type { TokenizedExample } from './batches.ts';
import { initModel, type Model } from './model.ts';
import { createRandom } from './random.ts';

/** A T5 small enough that a training step takes milliseconds; for tests only. */
const TINY = {
  model_type: 't5',
  vocab_size: 40,
  d_model: 16,
  d_kv: 8,
  d_ff: 24,
  num_layers: 2,
  num_decoder_layers: 2,
  num_heads: 2,
  relative_attention_num_buckets: 8,
  relative_attention_max_distance: 16,
  dropout_rate: 0,
  layer_norm_epsilon: 1e-6,
  feed_forward_proj: 'gated-gelu',
  tie_word_embeddings: false,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
};

export function tinyConfig(changes: Partial<Record<keyof typeof TINY, unknown>> = {}): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ ...TINY, ...changes }));
}

export function tinyModel(changes: Partial<Record<keyof typeof TINY, unknown>> = {}, seed = 7): Model {
  return initModel(tinyConfig(changes), seed);
}

/** Rows of random tokens of unequal lengths, each ending with eos. */
export function tinyExamples(count: number, seed = 1): TokenizedExample[] {
  const random = createRandom(seed);
  const row = (longest: number) => {
    const ids = Array.from({ length: 1 + random.integer(longest) }, () => 2 + random.integer(38));
    return Int32Array.from([...ids, 1]);
  };
  return Array.from({ length: count }, () => ({ inputIds: row(9), labels: row(5) }));
}
