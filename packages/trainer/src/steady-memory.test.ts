import { describe, expect, it } from 'vitest';
import { type BackendName, backendMemory, initBackend } from './backend.ts';
import { createAdapter } from './lora.ts';
import { tinyExamples, tinyModel } from './test-model.ts';
import { train } from './train.ts';

const native = await initBackend({ prefer: 'tfjs-node' });
const BACKENDS: BackendName[] = native.name === 'tfjs-node' ? ['tfjs-node', 'wasm'] : ['wasm'];

const STEPS = 1_000;
/** By then graphs are compiled and moments made. */
const SETTLED = 10;

describe.each(BACKENDS)('a run of %s', (backend) => {
  it(`holds as many tensors and bytes at every step from ${SETTLED} to ${STEPS}`, { timeout: 120_000 }, async () => {
    await initBackend({ prefer: backend, threads: 1 });
    const model = tinyModel({ num_layers: 1, num_decoder_layers: 1 });
    const adapter = createAdapter(model, { r: 4, alpha: 8, dropout: 0.1, targetModules: ['q', 'wo'] }, 1);
    const seen = new Set<string>();
    const events = train({
      ...{ model, adapter, train: tinyExamples(22), validation: [], seed: 5, dropout: 0.1, evalEverySteps: null },
      ...{ batchSize: 4, microBatchSize: 4, maxGradNorm: 1, weightDecay: 0.01, checkpointEverySteps: 0 },
      schedule: { totalSteps: STEPS, warmupSteps: 3, learningRate: 1e-3, decay: 'cosine' },
    });
    for await (const event of events) if (event.type === 'step' && event.step >= SETTLED) seen.add(JSON.stringify(backendMemory()));
    expect([...seen]).toHaveLength(1);
    adapter.dispose();
    model.dispose();
  });
});
