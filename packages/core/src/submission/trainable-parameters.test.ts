import { describe, expect, it } from 'vitest';
import { InvalidRequestError } from '../errors.ts';
import type { JobSpec } from '../job.ts';
import { parseModelShape } from './parse-model-shape.ts';
import { trainableParameters } from './trainable-parameters.ts';

const FLAN_T5_BASE_CONFIG = {
  model_type: 't5',
  d_model: 768,
  d_kv: 64,
  d_ff: 2048,
  num_layers: 12,
  num_decoder_layers: 12,
  num_heads: 12,
  vocab_size: 32_128,
  feed_forward_proj: 'gated-gelu',
};
const FLAN_T5_BASE = parseModelShape(FLAN_T5_BASE_CONFIG);
const FLAN_T5_BASE_PARAMETERS = 247_577_856;
const NANO_SIZES = { d_model: 192, d_ff: 512, num_layers: 4, num_decoder_layers: 4, num_heads: 3, vocab_size: 8192 };
const T5_NANO = parseModelShape({ ...FLAN_T5_BASE_CONFIG, ...NANO_SIZES });

const LLAMA_SIZES = {
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 99,
};

const lora = (r: number, targetModules: JobSpec['lora']['targetModules'] = ['q', 'v']): Pick<JobSpec, 'method' | 'lora'> => {
  return { method: 'lora', lora: { r, alpha: 16, dropout: 0, targetModules } };
};

describe('trainableParameters', () => {
  it.each([
    [4, 442_368],
    [8, 884_736],
    [16, 1_769_472],
  ])('flan-t5-base with r = %d on q and v trains %d', (r, expected) => {
    expect(trainableParameters(lora(r), FLAN_T5_BASE, FLAN_T5_BASE_PARAMETERS)).toBe(expected);
  });

  it('all-linear is every linear layer but the head', () => {
    const attention = 12 * 4 * 16 * (192 + 192);
    const feedForward = 8 * 3 * 16 * (192 + 512);
    expect(trainableParameters(lora(16, 'all-linear'), T5_NANO, 7_278_912)).toBe(attention + feedForward);
  });

  it('a path names fewer layers than its last part', () => {
    const count = (target: string) => trainableParameters(lora(1, [target]), FLAN_T5_BASE, 0) / (768 + 768);
    expect(count('q')).toBe(36);
    expect(count('SelfAttention.q')).toBe(24);
    expect(count('EncDecAttention.q')).toBe(12);
    expect(count('encoder.block.3.layer.0.SelfAttention.q')).toBe(1);
  });

  it('a layer that does not exist is refused with those that do', () => {
    const attempt = () => trainableParameters(lora(8, ['q', 'query']), FLAN_T5_BASE, 0);
    expect(attempt).toThrow(InvalidRequestError);
    expect(attempt).toThrow('The model has no linear layer named "query". It has q, k, v, o, wi_0, wi_1, wo.');
  });

  it('a pattern stands for whole paths, and layers can be chosen', () => {
    const count = (changes: Partial<JobSpec['lora']>) =>
      trainableParameters({ method: 'lora', lora: { ...lora(1).lora, ...changes } }, FLAN_T5_BASE, 0) / (768 + 768);
    expect(count({ targetModules: 'encoder.*SelfAttention.(q|k)' })).toBe(24);
    expect(count({ targetModules: ['q'], layersToTransform: [0, 11] })).toBe(6);
    expect(() => count({ targetModules: 'SelfAttention' })).toThrow('The model has no linear layer that "SelfAttention" means.');
    expect(() => count({ layersToTransform: [12] })).toThrow('in the layers 12.');
  });

  it.each([
    ['gpt2', { model_type: 'gpt2' }, ['c_attn'], 12 * (768 + 2304)],
    ['Llama', { ...LLAMA_SIZES, model_type: 'llama' }, ['k_proj'], 2 * (64 + 32)],
    ['Qwen3 with wider heads', { ...LLAMA_SIZES, model_type: 'qwen3', head_dim: 32 }, ['q_proj'], 2 * (64 + 128)],
    ['BERT', { model_type: 'bert', hidden_size: 384, num_hidden_layers: 6 }, ['query', 'value'], 12 * (384 + 384)],
  ])('%s has its layers', (_name, config, targetModules, expected) => {
    expect(trainableParameters(lora(1, targetModules), parseModelShape(config), 0)).toBe(expected);
  });

  it('a model of another kind, or with a config that lacks a size, is refused by name', () => {
    expect(() => parseModelShape({ model_type: 'mamba' })).toThrow('Models of type "mamba" are not supported');
    expect(() => parseModelShape({ model_type: 'llama' })).toThrow(
      'config.json is not that of a llama model: hidden_size is missing or wrong.',
    );
  });

  it('full fine-tuning trains every weight', () => {
    expect(trainableParameters({ ...lora(8), method: 'full' }, FLAN_T5_BASE, 123)).toBe(123);
  });
});
