import { describe, expect, it } from 'vitest';
import { t5MemoryBytes } from './estimate-memory.ts';
import { t5ShapeSchema } from './t5-shape.ts';

const T5_NANO = t5ShapeSchema.parse({
  d_model: 192,
  d_kv: 64,
  d_ff: 512,
  num_layers: 4,
  num_heads: 3,
  vocab_size: 8192,
  feed_forward_proj: 'gated-gelu',
});

describe('t5MemoryBytes', () => {
  /** Peak resident memory in MB of three steps of the trainer on WebAssembly, r = 16 on all linear layers. */
  it.each([
    [8, 64, 16, 540],
    [8, 192, 48, 1142],
    [16, 192, 48, 2024],
  ])('micro-batches of %d × (%d + %d) tokens on t5-nano come near the measured %d MB', (microBatchSize, source, target, measured) => {
    const facts = { parameterCount: 7_278_912, trainableParameters: 565_248, microBatchSize };
    const bytes = t5MemoryBytes(T5_NANO, { ...facts, maxSourceTokens: source, maxTargetTokens: target });
    expect(Math.abs(bytes / 1e6 / measured - 1)).toBeLessThan(0.1);
  });
});
