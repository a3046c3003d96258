import type { WeightSpec } from '../architecture.ts';
import type { Gpt2Config } from './config.ts';

export const EMBEDDING = 'transformer.wte.weight';
export const POSITIONS = 'transformer.wpe.weight';
export const HEAD = 'lm_head.weight';

/** Fresh weights deviate as in transformers' GPT2PreTrainedModel._init_weights: projections back into the residual stream less. */
export function weightLayout(config: Gpt2Config): WeightSpec[] {
  const { vocabSize, positions, width, innerWidth, layers, deviation } = config;
  const back = deviation / Math.sqrt(2 * layers);
  const specs: WeightSpec[] = [
    { name: EMBEDDING, shape: [vocabSize, width], kind: 'embedding', deviation },
    { name: POSITIONS, shape: [positions, width], kind: 'embedding', deviation },
  ];
  for (let i = 0; i < layers; i++) {
    const block = `transformer.h.${i}`;
    specs.push(
      ...normSpecs(`${block}.ln_1`, width),
      ...linearSpecs(`${block}.attn.c_attn`, width, 3 * width, deviation),
      ...linearSpecs(`${block}.attn.c_proj`, width, width, back),
      ...normSpecs(`${block}.ln_2`, width),
      ...linearSpecs(`${block}.mlp.c_fc`, width, innerWidth, deviation),
      ...linearSpecs(`${block}.mlp.c_proj`, innerWidth, width, back),
    );
  }
  specs.push(...normSpecs('transformer.ln_f', width));
  if (!config.tiedHead) specs.push({ name: HEAD, shape: [vocabSize, width], kind: 'linear', deviation });
  return specs;
}

function linearSpecs(module: string, inputs: number, outputs: number, deviation: number): WeightSpec[] {
  return [
    { name: `${module}.weight`, shape: [inputs, outputs], kind: 'conv1d', deviation },
    { name: `${module}.bias`, shape: [outputs], kind: 'bias', deviation: 0 },
  ];
}

function normSpecs(module: string, width: number): WeightSpec[] {
  return [
    { name: `${module}.weight`, shape: [width], kind: 'norm', deviation: 0 },
    { name: `${module}.bias`, shape: [width], kind: 'bias', deviation: 0 },
  ];
}
