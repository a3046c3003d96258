import type { LoraConfig } from '@capstan/core';
import { argMax, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendMemory, initBackend } from './backend.ts';
import type { TokenizedExample } from './batches.ts';
import type { GenerateOptions } from './decoding/options.ts';
import { labelLogits } from './forward.ts';
import { generate, generateBatch } from './generate.ts';
import { type Adapter, createAdapter } from './lora.ts';
import type { Model } from './model.ts';
import { tinyExamples, tinyModel } from './test-model.ts';
import { train } from './train.ts';

let trained: { model: Model; adapter: Adapter };

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
  const model = tinyModel();
  trained = { model, adapter: await trainedAdapter(model) };
});

const GREEDY: GenerateOptions = { maxTokens: 8, temperature: 0, topP: 1, stopIds: [] };
const INPUTS = tinyExamples(6, 4).map(({ inputIds }) => inputIds);

async function collect(
  model: Model,
  adapter: Adapter | undefined,
  input: Int32Array,
  changes: Partial<GenerateOptions> = {},
): Promise<number[]> {
  const tokens: number[] = [];
  for await (const token of generate(model, adapter, input, { ...GREEDY, ...changes })) tokens.push(token);
  return tokens;
}

/** Greedy decoding that runs the whole decoder anew for every token. */
function withoutCache(model: Model, input: Int32Array, maxTokens: number): number[] {
  const tokens: number[] = [];
  for (let i = 0; i < maxTokens; i++) {
    const examples = [{ inputIds: input, labels: Int32Array.from([...tokens, 0]) }];
    tokens.push(
      tidy(
        () =>
          argMax(labelLogits({ model, adapter: undefined }, examples), -1)
            .dataSync()
            .at(-1) as number,
      ),
    );
  }
  return tokens;
}

async function trainedAdapter(model: Model): Promise<Adapter> {
  const config: LoraConfig = { r: 8, alpha: 16, dropout: 0, targetModules: 'all-linear' };
  const adapter = createAdapter(model, config, 1);
  const schedule = { totalSteps: 60, warmupSteps: 2, learningRate: 2e-2, decay: 'linear' as const };
  const plan = { batchSize: 6, microBatchSize: 6, maxGradNorm: 1, weightDecay: 0, seed: 0, evalEverySteps: null, checkpointEverySteps: 0 };
  for await (const _ of train({ model, adapter, train: tinyExamples(6, 4), validation: [], schedule, ...plan }));
  return adapter;
}

describe('generate', () => {
  it.each([{}, { tie_word_embeddings: true, feed_forward_proj: 'relu' }])(
    'with its cache equals decoding without one (%j)',
    async (changes) => {
      const model = tinyModel(changes);
      for (const input of INPUTS.slice(0, 3)) expect(await collect(model, undefined, input)).toEqual(withoutCache(model, input, 8));
    },
  );

  it('switches adapters per call over one base, and stops at eos', async () => {
    const { model, adapter } = trained;
    const base = await collect(model, undefined, INPUTS[0] as Int32Array);
    const [example] = tinyExamples(1, 4) as [TokenizedExample];
    const learned = await collect(model, adapter, example.inputIds, { stopIds: undefined, maxTokens: 20 });
    expect(learned).toEqual([...example.labels.subarray(0, -1)]);
    expect(await collect(model, undefined, INPUTS[0] as Int32Array)).toEqual(base);
  });

  it('samples the same with the same seed, and within the nucleus', async () => {
    const model = tinyModel();
    const input = INPUTS[1] as Int32Array;
    const hot = { temperature: 1.5, topP: 1 };
    const [first, again, other] = [
      await collect(model, undefined, input, { ...hot, seed: 1 }),
      await collect(model, undefined, input, { ...hot, seed: 1 }),
      await collect(model, undefined, input, { ...hot, seed: 2 }),
    ];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(await collect(model, undefined, input, { temperature: 1.5, topP: 1e-9 })).toEqual(await collect(model, undefined, input));
  });

  it('frees its caches when it is left early or aborted', async () => {
    const model = tinyModel();
    const before = backendMemory().numTensors;
    for await (const _ of generate(model, undefined, INPUTS[0] as Int32Array, GREEDY)) break;
    const controller = new AbortController();
    const aborted = (async () => {
      for await (const _ of generate(model, undefined, INPUTS[0] as Int32Array, { ...GREEDY, signal: controller.signal }))
        controller.abort(new Error('enough'));
    })();
    await expect(aborted).rejects.toThrow('enough');
    expect(backendMemory().numTensors).toBe(before);
  });
});

describe('generateBatch', () => {
  it('gives every row what it would get alone, in the order of the inputs', async () => {
    const { model, adapter } = trained;
    const before = backendMemory().numTensors;
    for (const over of [undefined, adapter]) {
      const answers = await generateBatch(model, over, INPUTS, { maxTokens: 8 });
      for (const [i, input] of INPUTS.entries()) {
        expect([...(answers[i] as Int32Array)]).toEqual(await collect(model, over, input, { stopIds: undefined }));
      }
    }
    expect(backendMemory().numTensors).toBe(before);
  });
});
