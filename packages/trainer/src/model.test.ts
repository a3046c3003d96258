import { ModelError } from '@capstan/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { initBackend } from './backend.ts';
import { buildSafetensors } from './build-safetensors.ts';
import { evaluate } from './evaluate.ts';
import { initModel, loadModel, modelFiles } from './model.ts';
import { parseSafetensors } from './safetensors.ts';
import type { T5Config } from './t5/config.ts';
import { relativeBuckets } from './t5/position-bias.ts';
import { tinyConfig, tinyExamples, tinyModel } from './test-model.ts';

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

describe('a model', () => {
  const variants = [
    { name: 'v1.0: relu and a tied head', changes: { feed_forward_proj: 'relu', tie_word_embeddings: true }, weights: 47 },
    { name: 'v1.1: gated GELU and an untied head', changes: {}, weights: 52 },
    { name: 'more decoder than encoder layers, wide heads', changes: { num_decoder_layers: 3, d_kv: 12 }, weights: 66 },
  ];

  it.each(variants)('of $name survives a round trip through its files with the same loss', async ({ changes, weights }) => {
    const model = tinyModel(changes);
    const file = (await modelFiles(model))['model.safetensors'];
    expect(parseSafetensors(file).size).toBe(weights);
    const again = loadModel({ config: tinyConfig(changes), weights: file });
    const examples = tinyExamples(6);
    const [before, after] = [await evaluate(model, undefined, examples), await evaluate(again, undefined, examples)];
    expect(after).toEqual(before);
    expect(before.loss).toBeGreaterThan(1);
    expect(before.tokens).toBe(examples.reduce((sum, { labels }) => sum + labels.length, 0));
    model.dispose();
    again.dispose();
  });

  it('ignores padding: a row has the same loss alone and beside longer ones', async () => {
    const model = tinyModel();
    const examples = tinyExamples(8);
    const together = await evaluate(model, undefined, examples);
    const alone = await Promise.all(examples.map((example) => evaluate(model, undefined, [example])));
    const summed = alone.reduce((sum, { loss, tokens }) => sum + loss * tokens, 0) / together.tokens;
    expect(summed).toBeCloseTo(together.loss, 5);
    model.dispose();
  });

  it('with the same seed has the same weights, with another one others', async () => {
    const files = await Promise.all([1, 1, 2].map((seed) => modelFiles(initModel(tinyConfig(), seed))));
    expect(files[1]).toEqual(files[0]);
    expect(files[2]).not.toEqual(files[0]);
  });
});

describe('loadModel', () => {
  const weights = async () => (await modelFiles(tinyModel()))['model.safetensors'];

  it.each([
    [{ model_type: 'mamba' }, 'model_type "mamba" is not supported'],
    [{ feed_forward_proj: 'gated-silu' }, 'feed_forward_proj "gated-silu" is not supported'],
    [{ d_model: 0 }, 'd_model must be a whole number above 0'],
    [{ dropout_rate: 1 }, 'dropout_rate must be at least 0 and below 1'],
    [{ d_ff: 25 }, '"encoder.block.0.layer.1.DenseReluDense.wi_0.weight" is [24,16], but config.json calls for [25,16]'],
    [{ num_layers: 3 }, 'lacks the weight "encoder.block.2.'],
  ])('refuses a config with %j and says why', async (changes, message) => {
    const files = { config: tinyConfig(changes), weights: await weights() };
    expect(() => loadModel(files)).toThrow(message);
  });

  it('refuses files that are not what they should be', async () => {
    const files = { config: new TextEncoder().encode('{'), weights: await weights() };
    expect(() => loadModel(files)).toThrow(ModelError);
    expect(() => loadModel({ config: tinyConfig(), weights: buildSafetensors(new Map()) })).toThrow('lacks the weight "shared.weight"');
  });
});

describe('relativeBuckets', () => {
  const config = { relativeBuckets: 32, relativeMaxDistance: 128 } as T5Config;
  const bucket = (distance: number, bidirectional: boolean) => {
    const range = { queryLength: 1, keyLength: 1, queryOffset: -distance, bidirectional };
    return relativeBuckets(config, range)[0];
  };

  it('gives the reference implementation’s buckets in both directions', () => {
    expect([0, -1, -7, -8, -11, -12, -15, -16, -127, -500].map((d) => bucket(d, true))).toEqual([0, 1, 7, 8, 8, 9, 9, 10, 15, 15]);
    expect([1, 7, 8, 16, 500].map((d) => bucket(d, true))).toEqual([17, 23, 24, 26, 31]);
    expect([5, 0, -1, -15, -16, -18, -19, -32, -500].map((d) => bucket(d, false))).toEqual([0, 0, 1, 15, 16, 16, 17, 21, 31]);
  });
});
