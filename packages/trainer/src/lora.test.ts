import { InvalidRequestError, type LoraConfig } from '@capstan/core';
import { tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapterFiles, loadAdapter } from './adapter-files.ts';
import { backendMemory, initBackend } from './backend.ts';
import { labelLogits } from './forward.ts';
import { type Adapter, createAdapter } from './lora.ts';
import { mergeAdapter } from './merge.ts';
import type { Model } from './model.ts';
import { createRandom } from './random.ts';
import { parseSafetensors } from './safetensors.ts';
import { tinyExamples, tinyModel } from './test-model.ts';

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

const LORA: LoraConfig = { r: 3, alpha: 6, dropout: 0, targetModules: 'all-linear' };

const logits = (model: Model, adapter?: Adapter): Float32Array =>
  tidy(() => labelLogits({ model, adapter }, tinyExamples(4)).dataSync() as Float32Array);

/** As after some training: no factor is zero any more. */
function perturbed(model: Model, config = LORA): Adapter {
  const adapter = createAdapter(model, config, 1);
  const random = createRandom(9);
  for (const parameter of adapter.parameters()) {
    const size = parameter.shape.reduce((a, b) => a * b, 1);
    parameter.replace(
      tensor(
        new Float32Array(size).map(() => random.normal() * 0.2),
        parameter.shape,
      ),
    );
  }
  return adapter;
}

const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

describe('an adapter', () => {
  it('changes nothing at step 0', () => {
    const model = tinyModel();
    expect([...logits(model, createAdapter(model, LORA, 1))]).toEqual([...logits(model)]);
  });

  it('over every linear layer but the head covers q, k, v, o, wi_0, wi_1 and wo of all blocks', () => {
    const { modules } = createAdapter(tinyModel(), LORA, 1);
    expect(modules).toHaveLength(2 * 7 + 2 * 11);
    expect(modules.filter((name) => name.startsWith('decoder.block.1'))).toEqual([
      ...['q', 'k', 'v', 'o'].map((part) => `decoder.block.1.layer.0.SelfAttention.${part}`),
      ...['q', 'k', 'v', 'o'].map((part) => `decoder.block.1.layer.1.EncDecAttention.${part}`),
      ...['wi_0', 'wi_1', 'wo'].map((part) => `decoder.block.1.layer.2.DenseReluDense.${part}`),
    ]);
  });

  it('takes targets by their last parts, and refuses one that the model lacks', () => {
    const model = tinyModel();
    const modulesOf = (...targetModules: string[]) => createAdapter(model, { ...LORA, targetModules }, 1).modules;
    expect(modulesOf('q', 'v')).toHaveLength(2 * 2 + 2 * 4);
    expect(modulesOf('EncDecAttention.q')).toHaveLength(2);
    expect(() => modulesOf('q_proj')).toThrow(InvalidRequestError);
    expect(() => modulesOf('q_proj')).toThrow('"q_proj" is not in the model; its linear layers are q, k, v, o, wi_0, wi_1, wo.');
  });

  it('merged into the weights computes what base and adapter do', () => {
    const model = tinyModel();
    const adapter = perturbed(model);
    const merged = mergeAdapter(model, adapter);
    expect(largestDifference(logits(merged), logits(model, adapter))).toBeLessThan(2e-5);
    expect(largestDifference(logits(merged), logits(model))).toBeGreaterThan(0.01);
  });

  it('over the same base as another stays apart from it', () => {
    const model = tinyModel();
    const before = logits(model);
    const [first, second] = [perturbed(model), createAdapter(model, LORA, 2)];
    expect(largestDifference(logits(model, first), before)).toBeGreaterThan(0.01);
    expect([...logits(model, second)]).toEqual([...before]);
  });

  it('and its model give all their memory back', () => {
    const before = backendMemory().numTensors;
    const model = tinyModel({ tie_word_embeddings: true });
    const adapter = perturbed(model);
    logits(model, adapter);
    const merged = mergeAdapter(model, adapter);
    logits(merged);
    for (const owner of [merged, adapter, model]) owner.dispose();
    expect(backendMemory().numTensors).toBe(before);
  });
});

describe('adapter files', () => {
  it('have PEFT’s names, shapes and settings', async () => {
    const files = await adapterFiles(perturbed(tinyModel()), 'base/model');
    const entries = parseSafetensors(files['adapter_model.safetensors']);
    expect(entries.size).toBe(2 * (2 * 7 + 2 * 11));
    const name = 'base_model.model.encoder.block.0.layer.1.DenseReluDense.wi_0';
    expect(entries.get(`${name}.lora_A.weight`)?.shape).toEqual([3, 16]);
    expect(entries.get(`${name}.lora_B.weight`)?.shape).toEqual([24, 3]);
    expect(JSON.parse(new TextDecoder().decode(files['adapter_config.json']))).toMatchObject({
      peft_type: 'LORA',
      task_type: 'SEQ_2_SEQ_LM',
      base_model_name_or_path: 'base/model',
      r: 3,
      lora_alpha: 6,
      lora_dropout: 0,
      bias: 'none',
      target_modules: ['k', 'o', 'q', 'v', 'wi_0', 'wi_1', 'wo'],
    });
  });

  const roundTrip = async (model: Model, change: (config: Record<string, unknown>) => void = () => undefined) => {
    const files = await adapterFiles(perturbed(model), 'base');
    const config = JSON.parse(new TextDecoder().decode(files['adapter_config.json']));
    change(config);
    return loadAdapter(model, { config: new TextEncoder().encode(JSON.stringify(config)), weights: files['adapter_model.safetensors'] });
  };

  it('load as the same adapter', async () => {
    const model = tinyModel();
    expect([...logits(model, await roundTrip(model))]).toEqual([...logits(model, perturbed(model))]);
  });

  it('scale by alpha / √r when they ask for rank stabilisation', async () => {
    const model = tinyModel();
    const adapter = await roundTrip(model, (config) => {
      config.use_rslora = true;
    });
    expect(adapter.scale).toBeCloseTo(6 / Math.sqrt(3), 12);
  });

  it.each([
    ['bias', 'all', 'bias "all" is not supported'],
    ['modules_to_save', ['lm_head'], 'lacks "base_model.model.lm_head.weight"'],
    ['modules_to_save', ['lm'], '"lm" cannot be saved whole: the model has no such module'],
    ['rank_pattern', { q: 4 }, 'rank_pattern {"q":4} is not supported'],
    ['r', 4, 'lora_A.weight" is [3,16], but the base model calls for [4,16]'],
    ['r', 'four', 'r must be a whole number above 0'],
    ['target_modules', 'q|v', 'choice of target modules "q|v" is not in the model'],
    ['target_modules', '(q', 'target_modules must be a list of names, a regular expression or "all-linear"'],
  ])('with %s = %j are refused in words', async (key, value, message) => {
    const change = (config: Record<string, unknown>) => {
      config[key] = value;
    };
    await expect(roundTrip(tinyModel(), change)).rejects.toThrow(message);
  });
});
