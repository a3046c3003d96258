import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { profile } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadAdapter } from './adapter-files.ts';
import { backendMemory, initBackend } from './backend.ts';
import type { TokenizedExample } from './batches.ts';
import { createDropoutMasks } from './dropout.ts';
import { addGradients, createGradientSums } from './gradients.ts';
import { type Adapter, createAdapter } from './lora.ts';
import { loadModel, type Model } from './model.ts';
import { modelParameters } from './parameters.ts';
import { readCase } from './parity/read-case.ts';
import { tinyExamples, tinyModel } from './test-model.ts';

const GOLDEN = fileURLToPath(new URL('../reference/golden', import.meta.url));

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

async function gradientsOf(
  model: Model,
  adapter: Adapter | undefined,
  examples: readonly TokenizedExample[],
  checkpoints: boolean,
): Promise<Float32Array> {
  const parameters = adapter === undefined ? modelParameters(model) : adapter.parameters();
  const sums = createGradientSums(parameters);
  const training = { masks: createDropoutMasks(3), dropoutRate: 0.1, checkpoints, trainsModel: adapter === undefined };
  await addGradients(sums, { network: { model, adapter, training } }, parameters, examples);
  return sums;
}

describe('checkpoints', () => {
  it.each(readdirSync(GOLDEN))('leave the gradients of %s as they are, dropout included, and no tensor behind', async (name) => {
    const golden = readCase(GOLDEN, name);
    const model = loadModel(golden.model);
    const adapter = loadAdapter(model, golden.adapter);
    const kept = await gradientsOf(model, adapter, golden.examples, false);
    const tensors = backendMemory().numTensors;
    const computedAgain = await gradientsOf(model, adapter, golden.examples, true);
    expect(backendMemory().numTensors).toBe(tensors);
    expect(kept.some((value) => value !== 0)).toBe(true);
    for (const [i, value] of kept.entries())
      expect(Math.abs((computedAgain[i] as number) - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    adapter.dispose();
    model.dispose();
  });

  it('leave the gradients of a whole model as they are, its shared position table included', async () => {
    const model = tinyModel();
    const [kept, computedAgain] = await Promise.all(
      [false, true].map((checkpoints) => gradientsOf(model, undefined, tinyExamples(4), checkpoints)),
    );
    for (const [i, value] of (kept as Float32Array).entries()) expect(computedAgain?.[i]).toBeCloseTo(value, 4);
    model.dispose();
  });

  it('hold far less at once', async () => {
    const model = tinyModel({ num_layers: 6, num_decoder_layers: 6 });
    const adapter = createAdapter(model, { r: 2, alpha: 2, dropout: 0, targetModules: 'all-linear' }, 1);
    const examples = Array.from({ length: 4 }, () => ({ inputIds: new Int32Array(64).fill(3), labels: new Int32Array(32).fill(3) }));
    const peak = async (checkpoints: boolean) => {
      const before = backendMemory().numBytes;
      const { peakBytes } = await profile(async () => {
        await gradientsOf(model, adapter, examples, checkpoints);
        return [];
      });
      return peakBytes - before;
    };
    const [kept, computedAgain] = [await peak(false), await peak(true)];
    expect(computedAgain).toBeLessThan(0.4 * kept);
    adapter.dispose();
    model.dispose();
  });
});
