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

const NANO = { model: 't5-nano', shape: T5_NANO, parameters: 7_278_912, trainable: 565_248 };
const FLAN = { model: 'flan-t5-small', shape: FLAN_SMALL, parameters: 76_961_152, trainable: 2_555_904 };
const SMALL_GPT2 = { model: 'a small GPT-2', shape: GPT2, parameters: 5_230_464, trainable: 393_216 };
const SMALL_LLAMA = { model: 'a small Llama', shape: LLAMA, parameters: 5_115_072, trainable: 466_944 };
const [SHORT, LONG] = [
  { source: 64, target: 16 },
  { source: 192, target: 48 },
];

/** Peak resident memory in MB of three steps of the trainer, adapters of rank 16 on all linear layers: `scripts/memory.ts` there. */
const MEASURED = [
  { backend: 'wasm', ...NANO, ...SHORT, rows: 8, megabytes: 330 },
  { backend: 'wasm', ...NANO, ...LONG, rows: 8, megabytes: 509 },
  { backend: 'wasm', ...NANO, ...LONG, rows: 16, megabytes: 789 },
  { backend: 'wasm', ...NANO, ...LONG, rows: 16, checkpoints: true, megabytes: 444 },
  { backend: 'wasm', ...NANO, ...LONG, rows: 8, model: 't5-nano in full', trainable: 7_278_912, megabytes: 643 },
  { backend: 'wasm', ...FLAN, ...SHORT, rows: 4, megabytes: 956 },
  { backend: 'wasm', ...FLAN, ...LONG, rows: 4, megabytes: 1340 },
  { backend: 'wasm', ...FLAN, ...LONG, rows: 4, checkpoints: true, megabytes: 949 },
  { backend: 'wasm', ...SMALL_GPT2, ...LONG, rows: 4, megabytes: 606 },
  { backend: 'wasm', ...SMALL_LLAMA, ...LONG, rows: 4, megabytes: 479 },
  { backend: 'wasm', ...SMALL_LLAMA, ...LONG, rows: 12, megabytes: 900 },
  { backend: 'tfjs-node', ...NANO, ...SHORT, rows: 8, megabytes: 661 },
  { backend: 'tfjs-node', ...NANO, ...LONG, rows: 8, megabytes: 784 },
  { backend: 'tfjs-node', ...NANO, ...LONG, rows: 16, megabytes: 994 },
  { backend: 'tfjs-node', ...NANO, ...LONG, rows: 16, checkpoints: true, megabytes: 792 },
  { backend: 'tfjs-node', ...NANO, ...LONG, rows: 8, model: 't5-nano in full', trainable: 7_278_912, megabytes: 940 },
  { backend: 'tfjs-node', ...FLAN, ...SHORT, rows: 4, megabytes: 1142 },
  { backend: 'tfjs-node', ...FLAN, ...LONG, rows: 4, megabytes: 1324 },
  { backend: 'tfjs-node', ...FLAN, ...LONG, rows: 4, checkpoints: true, megabytes: 1024 },
];

function estimate(run: Omit<(typeof MEASURED)[number], 'backend'> & { backend?: string }): number {
  return peakMemoryBytes(run.shape, {
    backend: run.backend,
    parameterCount: run.parameters,
    trainableParameters: run.trainable,
    microBatchSize: run.rows,
    maxSourceTokens: run.source,
    maxTargetTokens: run.target,
    gradientCheckpointing: 'checkpoints' in run,
  });
}

describe('peakMemoryBytes', () => {
  it.each(MEASURED)('comes near the $megabytes MB of $model on $backend with $rows rows of $source + $target tokens', (run) => {
    expect(Math.abs(estimate(run) / 1e6 / run.megabytes - 1)).toBeLessThan(0.12);
  });

  it('is the largest of all backends where nobody knows on which it will run', () => {
    const { backend: _backend, ...run } = { ...MEASURED[0], backend: '' } as (typeof MEASURED)[number];
    expect(estimate(run)).toBe(Math.max(estimate({ ...run, backend: 'wasm' }), estimate({ ...run, backend: 'tfjs-node' })));
  });
});
