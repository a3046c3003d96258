import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadAdapter } from '../adapter-files.ts';
import { backendMemory, initBackend } from '../backend.ts';
import { createDropoutMasks, dropoutSeed } from '../dropout.ts';
import { addGradients, createGradientSums } from '../gradients.ts';
import { loadModel } from '../model.ts';
import { readCase } from '../parity/read-case.ts';
import { compileStep } from './step-graph.ts';

const GOLDEN = fileURLToPath(new URL('../../reference/golden', import.meta.url));
const SEEDS = [3, 1];

const { name: backend } = await initBackend({ prefer: 'tfjs-node' });

describe('a compiled step', () => {
  it.runIf(backend === 'tfjs-node').each(readdirSync(GOLDEN))(
    'of %s gives the gradients of the operations that it was recorded from, at lengths that it never saw, dropout included',
    async (name) => {
      const golden = readCase(GOLDEN, name);
      const model = loadModel(golden.model);
      const adapter = loadAdapter(model, golden.adapter);
      const parameters = adapter.parameters();
      const task = () => ({
        network: { model, adapter, training: { masks: createDropoutMasks(...SEEDS), dropoutRate: 0.1, trainsModel: false } },
      });
      const [expected, actual] = [createGradientSums(parameters), createGradientSums(parameters)];
      await addGradients(expected, task(), parameters, golden.examples);
      const graph = compileStep(task(), parameters, golden.examples.length);
      const tensors = backendMemory().numTensors;
      await graph?.addGradients(actual, dropoutSeed(...SEEDS), golden.examples);
      expect(backendMemory().numTensors).toBe(tensors);
      const difference = Math.hypot(...expected.map((value, i) => value - (actual[i] as number)));
      expect(difference).toBeLessThan(3e-6 * Math.hypot(...expected));
      graph?.dispose();
      adapter.dispose();
      model.dispose();
    },
  );

  it('is nothing on a backend without graphs', async () => {
    const golden = readCase(GOLDEN, 't5-v1.1-untied');
    await initBackend({ prefer: 'wasm', threads: 1 });
    const model = loadModel(golden.model);
    const adapter = loadAdapter(model, golden.adapter);
    const training = { masks: createDropoutMasks(1), trainsModel: false };
    expect(compileStep({ network: { model, adapter, training } }, adapter.parameters(), 2)).toBeUndefined();
    adapter.dispose();
    model.dispose();
  });
});
