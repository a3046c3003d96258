import { ModelError } from '@capstan/core';
import type { ModelConfig } from '../architecture.ts';
import type { Network } from '../network.ts';
import { type Json, readCount, readFraction, readId, readIds } from '../read-config.ts';
import { EMBEDDING, HEAD } from './layout.ts';

export interface T5Config extends ModelConfig {
  modelDim: number;
  /** Width of one head; heads × keyDim need not equal modelDim. */
  keyDim: number;
  feedForwardDim: number;
  encoderLayers: number;
  decoderLayers: number;
  heads: number;
  relativeBuckets: number;
  relativeMaxDistance: number;
  /** `relu` is T5 v1.0, `gated-gelu` is v1.1 and Flan-T5. */
  activation: 'relu' | 'gated-gelu';
  /** T5 v1.0 scales the head's input by modelDim^-½, v1.1 and Flan-T5 do not. */
  scalesHead: boolean;
  decoderStartId: number;
}

export type T5Network = Network<T5Config>;

/**
 * The head is the embedding unless the file holds one of its own. Whether it scales its input is a setting since transformers 5; before,
 * untied heads were those that did not.
 */
export function parseT5Config(json: Json, hasWeight: (name: string) => boolean): T5Config {
  const count = (key: string, fallback?: number) => readCount(json, key, fallback);
  const encoderLayers = count('num_layers');
  return {
    vocabSize: count('vocab_size'),
    modelDim: count('d_model'),
    keyDim: count('d_kv'),
    feedForwardDim: count('d_ff'),
    encoderLayers,
    decoderLayers: count('num_decoder_layers', encoderLayers),
    heads: count('num_heads'),
    relativeBuckets: count('relative_attention_num_buckets', 32),
    relativeMaxDistance: count('relative_attention_max_distance', 128),
    dropoutRate: readFraction(json, 'dropout_rate', 0.1),
    epsilon: readFraction(json, 'layer_norm_epsilon', 1e-6),
    activation: readActivation(json.feed_forward_proj ?? 'relu'),
    embeddingName: EMBEDDING,
    headName: HEAD,
    tiedHead: !hasWeight(HEAD),
    scalesHead: typeof json.scale_decoder_outputs === 'boolean' ? json.scale_decoder_outputs : json.tie_word_embeddings !== false,
    padId: readId(json, 'pad_token_id', 0),
    eosIds: json.eos_token_id === undefined ? [1] : readIds(json, 'eos_token_id'),
    decoderStartId: readId(json, 'decoder_start_token_id', readId(json, 'pad_token_id', 0)),
  };
}

function readActivation(value: unknown): T5Config['activation'] {
  if (value === 'relu' || value === 'gated-gelu') return value;
  throw new ModelError(`config.json: feed_forward_proj ${JSON.stringify(value)} is not supported; use "relu" or "gated-gelu".`);
}
