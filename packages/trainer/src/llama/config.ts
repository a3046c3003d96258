import { ModelError } from '@capstan/core';
import type { ModelConfig } from '../architecture.ts';
import { type Json, readCount, readFraction, readId, readIds, readPositive, requireOneOf } from '../read-config.ts';
import { EMBEDDING, HEAD } from './layout.ts';
import { parseRope, type Rope } from './rope.ts';

export interface LlamaConfig extends ModelConfig {
  width: number;
  innerWidth: number;
  layers: number;
  heads: number;
  /** Fewer than heads: groups of queries share keys and values (Ainslie et al., 2023). */
  keyHeads: number;
  headWidth: number;
  rope: Rope;
  /** How far back each layer's queries look; null: all the way. */
  windows: readonly (number | null)[];
  biases: { queryKeyValue: boolean; output: boolean; feedForward: boolean };
  /** Qwen3 normalises every head's queries and keys. */
  normsHeads: boolean;
  attentionDropoutRate: number;
  deviation: number;
}

export function parseLlamaConfig(json: Json, hasWeight: (name: string) => boolean): LlamaConfig {
  requireOneOf(json, 'hidden_act', ['silu']);
  const width = readCount(json, 'hidden_size');
  const heads = readCount(json, 'num_attention_heads');
  const keyHeads = readCount(json, 'num_key_value_heads', heads);
  if (heads % keyHeads !== 0) throw new ModelError(`config.json: num_key_value_heads ${keyHeads} does not divide ${heads} heads.`);
  const headWidth = readCount(json, 'head_dim', Math.floor(width / heads));
  const layers = readCount(json, 'num_hidden_layers');
  const eosIds = readIds(json, 'eos_token_id');
  return {
    vocabSize: readCount(json, 'vocab_size'),
    width,
    innerWidth: readCount(json, 'intermediate_size'),
    layers,
    heads,
    keyHeads,
    headWidth,
    rope: parseRope(json, headWidth),
    windows: readWindows(json, layers),
    biases: readBiases(json),
    normsHeads: json.model_type === 'qwen3',
    dropoutRate: 0,
    attentionDropoutRate: readFraction(json, 'attention_dropout', 0),
    epsilon: readPositive(json, 'rms_norm_eps', 1e-6),
    deviation: readPositive(json, 'initializer_range', 0.02),
    embeddingName: EMBEDDING,
    headName: HEAD,
    tiedHead: json.tie_word_embeddings === true || !hasWeight(HEAD),
    padId: json.pad_token_id === -1 ? 0 : readId(json, 'pad_token_id', eosIds[0] ?? 0),
    eosIds,
  };
}

function readBiases(json: Json): LlamaConfig['biases'] {
  const attention = json.attention_bias === true;
  const isQwen2 = json.model_type === 'qwen2';
  return { queryKeyValue: isQwen2 || attention, output: !isQwen2 && attention, feedForward: json.mlp_bias === true };
}

/** Mistral's window holds for every layer; Qwen's has a switch, and a number of layers at the bottom that see everything. */
function readWindows(json: Json, layers: number): (number | null)[] {
  const window = typeof json.sliding_window === 'number' ? json.sliding_window : null;
  if (json.model_type === 'mistral') return Array<number | null>(layers).fill(window);
  if (json.use_sliding_window !== true) return Array<null>(layers).fill(null);
  const open = typeof json.max_window_layers === 'number' ? json.max_window_layers : 28;
  return Array.from({ length: layers }, (_, layer) => (layer < open ? null : window));
}
