import { afterAll, describe, expect, it } from 'vitest';
import { type BackendName, backendMemory, initBackend } from './backend.ts';
import { createDropoutMasks } from './dropout.ts';
import { addGradients, createGradientSums, meanGradients } from './gradients.ts';
import { createAdapter } from './lora.ts';
import { modelParameters } from './parameters.ts';
import { tinyExamples, tinyModel } from './test-model.ts';

afterAll(async () => {
  await initBackend({ prefer: 'wasm' });
});

describe('initBackend', () => {
  it('falls back from the native library to WebAssembly and says why', async () => {
    const report = await initBackend();
    expect(['tfjs-node', 'webgpu', 'wasm']).toContain(report.name);
    expect(report.gflops).toBeGreaterThan(0);
    expect(report.threads).toBeGreaterThanOrEqual(1);
    expect(report.tried.at(-1)).toMatchObject({ name: report.name, ok: true });
    for (const { ok, reason } of report.tried.slice(0, -1)) expect([ok, reason]).toEqual([false, expect.stringMatching(/\S/)]);
  });

  it('takes the preferred backend where it works', async () => {
    expect((await initBackend({ prefer: 'cpu' })).name).toBe('cpu');
    expect((await initBackend({ prefer: 'wasm' })).name).toBe('wasm');
  });
});

describe('the backends', () => {
  const onBackend = async (prefer: BackendName, method: 'lora' | 'full') => {
    await initBackend({ prefer });
    const model = tinyModel({ feed_forward_proj: method === 'full' ? 'relu' : 'gated-gelu', tie_word_embeddings: method === 'full' });
    const adapter = method === 'lora' ? createAdapter(model, { r: 2, alpha: 4, dropout: 0, targetModules: 'all-linear' }, 3) : undefined;
    const parameters = adapter?.parameters() ?? modelParameters(model);
    const sums = createGradientSums(parameters);
    const masks = createDropoutMasks(0);
    await addGradients(
      sums,
      { network: { model, adapter, training: { masks, dropoutRate: 0, trainsModel: method === 'full' } } },
      parameters,
      tinyExamples(5),
    );
    const { loss, gradients } = meanGradients(sums);
    adapter?.dispose();
    model.dispose();
    return { loss, gradients };
  };

  it.each(['lora', 'full'] as const)('agree on loss and gradients of method %s within 3e-6 of their size', async (method) => {
    const [wasm, cpu] = [await onBackend('wasm', method), await onBackend('cpu', method)];
    expect(Math.abs(wasm.loss - cpu.loss)).toBeLessThan(3e-6 * cpu.loss);
    const norm = Math.hypot(...cpu.gradients);
    const difference = Math.hypot(...cpu.gradients.map((value, i) => value - (wasm.gradients[i] as number)));
    expect(norm).toBeGreaterThan(0);
    expect(difference).toBeLessThan(3e-6 * norm);
  });

  it('compute the same bits with any number of threads', async () => {
    await initBackend({ prefer: 'wasm', threads: 1 });
    const single = await onBackend('wasm', 'lora');
    expect((await initBackend({ prefer: 'wasm', threads: 3 })).threads).toBe(3);
    expect(await onBackend('wasm', 'lora')).toEqual(single);
    await initBackend({ prefer: 'wasm', threads: 1 });
  });

  it('free everything that a gradient made', async () => {
    await initBackend({ prefer: 'wasm' });
    const before = backendMemory().numTensors;
    await onBackend('wasm', 'full');
    expect(backendMemory().numTensors).toBe(before);
  });
});
