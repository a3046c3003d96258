import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { backend } from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { backendMemory, initBackend } from '../backend.ts';
import { generateBatch } from '../generate.ts';
import { createAdapter } from '../lora.ts';
import { comparePass } from '../parity/compare-case.ts';
import { readCase } from '../parity/read-case.ts';
import { tinyExamples, tinyModel } from '../test-model.ts';
import { train } from '../train.ts';

// Without a graphics processor Chromium's own software adapter takes its place, where it is installed.
const SOFTWARE = '/usr/lib/chromium/vk_swiftshader_icd.json';
// oxlint-disable-next-line node/no-process-env -- the Vulkan loader's own setting
if (existsSync(SOFTWARE)) process.env.VK_ICD_FILENAMES ??= SOFTWARE;

const GOLDEN = fileURLToPath(new URL('../../reference/golden', import.meta.url));
/** A family each; `npm run parity -- --backend webgpu` goes through all, and their loss curves. */
const ONE_OF_EACH = ['bert-classifier', 'gpt2', 'qwen3', 't5-v1.1-untied'];
const { name: started, tried } = await initBackend({ prefer: 'webgpu' });
const isHere = started === 'webgpu';

afterAll(async () => {
  await initBackend({ prefer: 'wasm' });
});

describe.runIf(isHere)('on WebGPU', () => {
  it.each(ONE_OF_EACH)(
    'logits and gradients of %s are those of transformers and peft',
    async (name) => {
      const { logit, gradient } = await comparePass(readCase(GOLDEN, name));
      expect(logit).toBeLessThan(1e-4);
      expect(gradient).toBeLessThan(1e-5);
    },
    120_000,
  );

  it('a run learns, generates as the cpu does, and leaves no tensor behind', async () => {
    const before = backendMemory().numTensors;
    const onGpu = await learnAndAnswer();
    expect(backendMemory().numTensors).toBe(before);
    await initBackend({ prefer: 'cpu' });
    const onCpu = await learnAndAnswer();
    expect(onGpu.losses.at(-1)).toBeLessThan(0.98 * (onGpu.losses[0] as number));
    for (const [i, loss] of onGpu.losses.entries()) expect(loss).toBeCloseTo(onCpu.losses[i] as number, 4);
    expect(onGpu.answers).toEqual(onCpu.answers);
  }, 120_000);

  it('an error that the device reports ends the run with its words', async () => {
    await initBackend({ prefer: 'webgpu' });
    const { device } = backend() as unknown as { device: { createBuffer(descriptor: { size: number; usage: number }): unknown } };
    device.createBuffer({ size: 16, usage: 0 });
    await expect(learnAndAnswer()).rejects.toThrow(/The GPU reported a GPUValidationError: .*usage/is);
  });
});

it('without being asked for it is left out where its adapter is a program', async () => {
  const report = await initBackend();
  const refused = report.tried.find(({ name }) => name === 'webgpu');
  if (refused !== undefined && !refused.ok) expect(refused.reason).toMatch(/adapter is a program|no graphics processor|no adapter/);
  else expect(['webgpu', 'tfjs-node']).toContain(report.name);
});

it.runIf(!isHere)('WebGPU has no adapter on this machine: nothing is computed on it here', () => {
  expect(tried.find(({ name }) => name === 'webgpu')?.ok).toBe(false);
});

async function learnAndAnswer(): Promise<{ losses: number[]; answers: Int32Array[] }> {
  const [model, examples] = [tinyModel(), tinyExamples(6)];
  const adapter = createAdapter(model, { r: 4, alpha: 8, dropout: 0.1, targetModules: ['q', 'wo'] }, 1);
  const schedule = { totalSteps: 4, warmupSteps: 0, learningRate: 0.05, decay: 'constant' as const };
  const rhythm = { batchSize: 6, microBatchSize: 6, evalEverySteps: null, checkpointEverySteps: 0, seed: 0 };
  const losses: number[] = [];
  try {
    for await (const event of train({
      model,
      adapter,
      train: examples,
      validation: [],
      schedule,
      ...rhythm,
      maxGradNorm: 1,
      weightDecay: 0,
    }))
      if (event.type === 'step') losses.push(event.trainLoss);
    const sources = examples.map(({ inputIds }) => inputIds);
    return { losses, answers: await generateBatch(model, adapter, sources, { maxTokens: 3 }) };
  } finally {
    adapter.dispose();
    model.dispose();
  }
}
