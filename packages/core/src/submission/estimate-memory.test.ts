import { describe, expect, it } from 'vitest';
import { peakMemoryBytes } from './estimate-memory.ts';
import { parseModelShape } from './parse-model-shape.ts';

const T5 = { model_type: 't5', d_kv: 64, feed_forward_proj: 'gated-gelu' };
const T5_NANO = parseModelShape({ ...T5, d_model: 192, d_ff: 512, num_layers: 4, num_heads: 3, vocab_size: 8192 });
const FLAN_SMALL = parseModelShape({ ...T5, d_model: 512, d_ff: 1024, num_layers: 8, num_heads: 6, vocab_size: 32_128 });
const GPT2 = parseModelShape({ model_type: 'gpt2', n_embd: 192, n_layer: 8, n_head: 3, vocab_size: 8192 });
const LLAMA = parseModelShape({
  ...{ model_type: 'llama', hidden_size: 192, intermediate_size: 512, num_hidden_layers: 8, num_attention_heads: 3, vocab_size: 8192 },
});

/** Peak resident memory in MB of three steps of the trainer on WebAssembly, adapters on all linear layers: `scripts/memory.ts` there. */
const MEASURED = [
  { title: 't5-nano, r 16', shape: T5_NANO, parameters: 7_278_912, trainable: 565_248, rows: 8, source: 64, target: 16, megabytes: 401 },
  { title: 't5-nano, r 16', shape: T5_NANO, parameters: 7_278_912, trainable: 565_248, rows: 4, source: 192, target: 48, megabytes: 497 },
  { title: 't5-nano, r 16', shape: T5_NANO, parameters: 7_278_912, trainable: 565_248, rows: 8, source: 192, target: 48, megabytes: 699 },
  { title: 't5-nano, r 16', shape: T5_NANO, parameters: 7_278_912, trainable: 565_248, rows: 16, source: 192, target: 48, megabytes: 1177 },
  { title: 't5-nano, r 4', shape: T5_NANO, parameters: 7_278_912, trainable: 141_312, rows: 8, source: 192, target: 48, megabytes: 711 },
  { title: 't5-nano, full', shape: T5_NANO, parameters: 7_278_912, trainable: 7_278_912, rows: 8, source: 192, target: 48, megabytes: 869 },
  {
    title: 'flan-t5-small',
    shape: FLAN_SMALL,
    parameters: 76_961_152,
    trainable: 2_555_904,
    rows: 4,
    source: 64,
    target: 16,
    megabytes: 1421,
  },
  {
    title: 'flan-t5-small',
    shape: FLAN_SMALL,
    parameters: 76_961_152,
    trainable: 2_555_904,
    rows: 4,
    source: 192,
    target: 48,
    megabytes: 2050,
  },
  { title: 'a small GPT-2', shape: GPT2, parameters: 5_230_464, trainable: 393_216, rows: 4, source: 192, target: 48, megabytes: 706 },
  { title: 'a small GPT-2', shape: GPT2, parameters: 5_230_464, trainable: 393_216, rows: 12, source: 192, target: 48, megabytes: 1594 },
  { title: 'a small Llama', shape: LLAMA, parameters: 6_687_936, trainable: 466_944, rows: 4, source: 192, target: 48, megabytes: 628 },
  { title: 'a small Llama', shape: LLAMA, parameters: 6_687_936, trainable: 466_944, rows: 12, source: 192, target: 48, megabytes: 1355 },
];

describe('peakMemoryBytes', () => {
  it.each(MEASURED)('comes near the $megabytes MB of $title with $rows rows of $source + $target tokens', (run) => {
    const facts = { parameterCount: run.parameters, trainableParameters: run.trainable, microBatchSize: run.rows };
    const bytes = peakMemoryBytes(run.shape, { ...facts, maxSourceTokens: run.source, maxTargetTokens: run.target });
    expect(Math.abs(bytes / 1e6 / run.megabytes - 1)).toBeLessThan(0.13);
  });
});
