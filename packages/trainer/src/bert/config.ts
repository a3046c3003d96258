import type { ModelConfig } from '../architecture.ts';
import { isObject, type Json, readCount, readFraction, readId, readPositive, requireOneOf } from '../read-config.ts';
import { EMBEDDING, HEAD } from './layout.ts';

export interface BertConfig extends ModelConfig {
  width: number;
  innerWidth: number;
  layers: number;
  heads: number;
  positions: number;
  segments: number;
  activation: 'gelu' | 'gelu_new' | 'relu';
  attentionDropoutRate: number;
  /** Before the head. */
  classifierDropoutRate: number;
  deviation: number;
  labels: readonly string[];
}

export function parseBertConfig(json: Json): BertConfig {
  requireOneOf(json, 'position_embedding_type', ['absolute']);
  requireOneOf(json, 'is_decoder', [false]);
  const dropoutRate = readFraction(json, 'hidden_dropout_prob', 0.1);
  return {
    vocabSize: readCount(json, 'vocab_size', 30_522),
    width: readCount(json, 'hidden_size', 768),
    innerWidth: readCount(json, 'intermediate_size', 3_072),
    layers: readCount(json, 'num_hidden_layers', 12),
    heads: readCount(json, 'num_attention_heads', 12),
    positions: readCount(json, 'max_position_embeddings', 512),
    segments: readCount(json, 'type_vocab_size', 2),
    activation: requireOneOf(json, 'hidden_act', ['gelu', 'gelu_new', 'relu']),
    dropoutRate,
    attentionDropoutRate: readFraction(json, 'attention_probs_dropout_prob', 0.1),
    classifierDropoutRate: readFraction(json, 'classifier_dropout', dropoutRate),
    epsilon: readPositive(json, 'layer_norm_eps', 1e-12),
    deviation: readPositive(json, 'initializer_range', 0.02),
    labels: readLabels(json),
    embeddingName: EMBEDDING,
    headName: HEAD,
    tiedHead: false,
    padId: readId(json, 'pad_token_id', 0),
    eosIds: [],
  };
}

/** transformers takes two classes where a config names none. */
function readLabels({ id2label, num_labels: count }: Json): string[] {
  if (isObject(id2label))
    return Object.entries(id2label)
      .sort(byId)
      .map(([, label]) => String(label));
  return Array.from({ length: typeof count === 'number' ? count : 2 }, (_, id) => `LABEL_${id}`);
}

function byId([a]: [string, unknown], [b]: [string, unknown]): number {
  return Number(a) - Number(b);
}
