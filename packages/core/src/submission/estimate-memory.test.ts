import { describe, expect, it } from 'vitest';
import { peakMemoryBytes } from './estimate-memory.ts';
import { parseModelShape } from './parse-model-shape.ts';

const T5_NANO = parseModelShape({
  model_type: 't5',
  d_model: 192,
  d_kv: 64,
  d_ff: 512,
  num_layers: 4,
  num_heads: 3,
  vocab_size: 8192,
  feed_forward_proj: 'gated-gelu',
});

describe('peakMemoryBytes', () => {
  /** Peak resident memory in MB of three steps of the trainer on WebAssembly, r = 16 on all linear layers. */
  it.each([
    [8, 64, 16, 540],
    [8, 192, 48, 1142],
    [16, 192, 48, 2024],
  ])('micro-batches of %d × (%d + %d) tokens on t5-nano come near the measured %d MB', (microBatchSize, source, target, measured) => {
    const facts = { parameterCount: 7_278_912, trainableParameters: 565_248, microBatchSize };
    const bytes = peakMemoryBytes(T5_NANO, { ...facts, maxSourceTokens: source, maxTargetTokens: target });
    expect(Math.abs(bytes / 1e6 / measured - 1)).toBeLessThan(0.1);
  });
});
