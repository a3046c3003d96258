import { ModelError } from '@capstan/core';

export interface T5Config {
  vocabSize: number;
  modelDim: number;
  /** Width of one head; heads × keyDim need not equal modelDim. */
  keyDim: number;
  feedForwardDim: number;
  encoderLayers: number;
  decoderLayers: number;
  heads: number;
  relativeBuckets: number;
  relativeMaxDistance: number;
  dropoutRate: number;
  epsilon: number;
  /** `relu` is T5 v1.0, `gated-gelu` is v1.1 and Flan-T5. */
  activation: 'relu' | 'gated-gelu';
  /** A tied head shares the embedding and scales its input by modelDim^-½. */
  tiedHead: boolean;
  padId: number;
  eosId: number;
  decoderStartId: number;
}

/** Reads a Hugging Face config.json; whatever this package cannot compute exactly is refused by name. */
export function parseT5Config(bytes: Uint8Array): T5Config {
  const json = parseJson(bytes);
  const type = json.model_type;
  if (type !== 't5') throw new ModelError(`config.json: model_type ${JSON.stringify(type)} is not supported; the trainer knows "t5".`);
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
    tiedHead: json.tie_word_embeddings !== false,
    padId: readId(json, 'pad_token_id', 0),
    eosId: readId(json, 'eos_token_id', 1),
    decoderStartId: readId(json, 'decoder_start_token_id', readId(json, 'pad_token_id', 0)),
  };
}

type Json = Record<string, unknown>;

function parseJson(bytes: Uint8Array): Json {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Json;
  } catch (cause) {
    throw new ModelError('config.json is not JSON.', { cause });
  }
  throw new ModelError('config.json is not a JSON object.');
}

function readActivation(value: unknown): T5Config['activation'] {
  if (value === 'relu' || value === 'gated-gelu') return value;
  throw new ModelError(`config.json: feed_forward_proj ${JSON.stringify(value)} is not supported; use "relu" or "gated-gelu".`);
}

function readCount(json: Json, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new ModelError(`config.json: ${key} must be a whole number above 0, but is ${JSON.stringify(value)}.`);
}

function readId(json: Json, key: string, fallback: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new ModelError(`config.json: ${key} must be a token id, but is ${JSON.stringify(value)}.`);
}

function readFraction(json: Json, key: string, fallback: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === 'number' && value >= 0 && value < 1) return value;
  throw new ModelError(`config.json: ${key} must be at least 0 and below 1, but is ${JSON.stringify(value)}.`);
}
