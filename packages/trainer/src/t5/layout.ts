import type { WeightSpec } from '../architecture.ts';
import type { T5Config } from './config.ts';

export const EMBEDDING = 'shared.weight';
export const HEAD = 'lm_head.weight';

/** Fresh weights deviate as in transformers' T5PreTrainedModel._init_weights with factor 1. */
export function weightLayout(config: T5Config): WeightSpec[] {
  const { vocabSize, modelDim, encoderLayers, decoderLayers } = config;
  const specs: WeightSpec[] = [{ name: EMBEDDING, shape: [vocabSize, modelDim], kind: 'embedding', deviation: 1 }];
  for (let i = 0; i < encoderLayers; i++) {
    specs.push(...attentionSpecs(config, `encoder.block.${i}.layer.0`, 'SelfAttention', i === 0));
    specs.push(...feedForwardSpecs(config, `encoder.block.${i}.layer.1`));
  }
  specs.push(normSpec('encoder.final_layer_norm.weight', modelDim));
  for (let i = 0; i < decoderLayers; i++) {
    specs.push(...attentionSpecs(config, `decoder.block.${i}.layer.0`, 'SelfAttention', i === 0));
    specs.push(...attentionSpecs(config, `decoder.block.${i}.layer.1`, 'EncDecAttention', false));
    specs.push(...feedForwardSpecs(config, `decoder.block.${i}.layer.2`));
  }
  specs.push(normSpec('decoder.final_layer_norm.weight', modelDim));
  if (!config.tiedHead) specs.push({ name: HEAD, shape: [vocabSize, modelDim], kind: 'linear', deviation: 1 });
  return specs;
}

function attentionSpecs(config: T5Config, layer: string, attention: string, hasBias: boolean): WeightSpec[] {
  const { modelDim, keyDim, heads } = config;
  const inner = heads * keyDim;
  const linear = (part: string, shape: number[], deviation: number): WeightSpec => {
    return { name: `${layer}.${attention}.${part}.weight`, shape, kind: 'linear', deviation };
  };
  const specs = [
    linear('q', [inner, modelDim], (modelDim * keyDim) ** -0.5),
    linear('k', [inner, modelDim], modelDim ** -0.5),
    linear('v', [inner, modelDim], modelDim ** -0.5),
    linear('o', [modelDim, inner], inner ** -0.5),
  ];
  if (hasBias) {
    const name = `${layer}.${attention}.relative_attention_bias.weight`;
    specs.push({ name, shape: [config.relativeBuckets, heads], kind: 'positionBias', deviation: modelDim ** -0.5 });
  }
  return [...specs, normSpec(`${layer}.layer_norm.weight`, modelDim)];
}

function feedForwardSpecs({ modelDim, feedForwardDim, activation }: T5Config, layer: string): WeightSpec[] {
  const linear = (part: string, outputs: number, inputs: number): WeightSpec => {
    return { name: `${layer}.DenseReluDense.${part}.weight`, shape: [outputs, inputs], kind: 'linear', deviation: inputs ** -0.5 };
  };
  const inner = activation === 'relu' ? ['wi'] : ['wi_0', 'wi_1'];
  return [
    ...inner.map((part) => linear(part, feedForwardDim, modelDim)),
    linear('wo', modelDim, feedForwardDim),
    normSpec(`${layer}.layer_norm.weight`, modelDim),
  ];
}

function normSpec(name: string, width: number): WeightSpec {
  return { name, shape: [width], kind: 'norm', deviation: 0 };
}
