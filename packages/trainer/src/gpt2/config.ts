import type { ModelConfig } from '../architecture.ts';
import { type Json, readCount, readFraction, readId, readIds, readPositive, requireOneOf } from '../read-config.ts';
import { EMBEDDING, HEAD } from './layout.ts';

export interface Gpt2Config extends ModelConfig {
  width: number;
  innerWidth: number;
  layers: number;
  heads: number;
  positions: number;
  activation: 'gelu_new' | 'gelu';
  embeddingDropoutRate: number;
  attentionDropoutRate: number;
  deviation: number;
}

export function parseGpt2Config(json: Json, hasWeight: (name: string) => boolean): Gpt2Config {
  requireOneOf(json, 'scale_attn_weights', [true]);
  requireOneOf(json, 'scale_attn_by_inverse_layer_idx', [false]);
  requireOneOf(json, 'add_cross_attention', [false]);
  const width = readCount(json, 'n_embd', 768);
  const eosIds = readIds(json, 'eos_token_id');
  return {
    vocabSize: readCount(json, 'vocab_size', 50_257),
    width,
    innerWidth: readCount(json, 'n_inner', 4 * width),
    layers: readCount(json, 'n_layer', 12),
    heads: readCount(json, 'n_head', 12),
    positions: readCount(json, 'n_positions', 1_024),
    activation: requireOneOf(json, 'activation_function', ['gelu_new', 'gelu']),
    dropoutRate: readFraction(json, 'resid_pdrop', 0.1),
    embeddingDropoutRate: readFraction(json, 'embd_pdrop', 0.1),
    attentionDropoutRate: readFraction(json, 'attn_pdrop', 0.1),
    epsilon: readPositive(json, 'layer_norm_epsilon', 1e-5),
    deviation: readPositive(json, 'initializer_range', 0.02),
    embeddingName: EMBEDDING,
    headName: HEAD,
    tiedHead: json.tie_word_embeddings !== false || !hasWeight(HEAD),
    padId: readId(json, 'pad_token_id', eosIds[0] ?? 0),
    eosIds,
  };
}
