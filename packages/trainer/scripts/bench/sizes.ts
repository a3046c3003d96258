/** T5s by the sizes that are measured; LoRA on q and v, four rows of 128 → 32 tokens. */
const BASE = {
  model_type: 't5',
  feed_forward_proj: 'gated-gelu',
  tie_word_embeddings: false,
  dropout_rate: 0,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
};

export const SIZES = {
  d64: { ...BASE, vocab_size: 8192, d_model: 64, d_kv: 16, d_ff: 128, num_layers: 2, num_heads: 4 },
  d256: { ...BASE, vocab_size: 8192, d_model: 256, d_kv: 64, d_ff: 512, num_layers: 4, num_heads: 4 },
  'flan-t5-small': { ...BASE, vocab_size: 32_128, d_model: 512, d_kv: 64, d_ff: 1024, num_layers: 8, num_heads: 6 },
} as const;

export const ROWS = 4;
/** Steps of one measurement, after one that is not counted. */
export const STEPS = 5;
export const SOURCE_TOKENS = 128;
export const TARGET_TOKENS = 32;
export const NEW_TOKENS = 32;
export const JOB_BATCH = 8;
