import type { WeightSpec } from '../architecture.ts';
import type { LlamaConfig } from './config.ts';

export const EMBEDDING = 'model.embed_tokens.weight';
export const HEAD = 'lm_head.weight';

export function weightLayout(config: LlamaConfig): WeightSpec[] {
  const { vocabSize, width, layers, deviation } = config;
  const specs: WeightSpec[] = [{ name: EMBEDDING, shape: [vocabSize, width], kind: 'embedding', deviation }];
  for (let i = 0; i < layers; i++) specs.push(...layerSpecs(config, `model.layers.${i}`));
  specs.push(normSpec('model.norm', width));
  if (!config.tiedHead) specs.push({ name: HEAD, shape: [vocabSize, width], kind: 'linear', deviation });
  return specs;
}

function layerSpecs(config: LlamaConfig, layer: string): WeightSpec[] {
  const { width, innerWidth, heads, keyHeads, headWidth, biases, normsHeads, deviation } = config;
  const linear = (module: string, outputs: number, inputs: number, hasBias: boolean): WeightSpec[] => [
    { name: `${layer}.${module}.weight`, shape: [outputs, inputs], kind: 'linear', deviation },
    ...(hasBias ? [{ name: `${layer}.${module}.bias`, shape: [outputs], kind: 'bias' as const, deviation: 0 }] : []),
  ];
  const { queryKeyValue, output, feedForward } = biases;
  return [
    ...linear('self_attn.q_proj', heads * headWidth, width, queryKeyValue),
    ...linear('self_attn.k_proj', keyHeads * headWidth, width, queryKeyValue),
    ...linear('self_attn.v_proj', keyHeads * headWidth, width, queryKeyValue),
    ...linear('self_attn.o_proj', width, heads * headWidth, output),
    ...(normsHeads ? [normSpec(`${layer}.self_attn.q_norm`, headWidth), normSpec(`${layer}.self_attn.k_norm`, headWidth)] : []),
    ...linear('mlp.gate_proj', innerWidth, width, feedForward),
    ...linear('mlp.up_proj', innerWidth, width, feedForward),
    ...linear('mlp.down_proj', width, innerWidth, feedForward),
    normSpec(`${layer}.input_layernorm`, width),
    normSpec(`${layer}.post_attention_layernorm`, width),
  ];
}

function normSpec(module: string, width: number): WeightSpec {
  return { name: `${module}.weight`, shape: [width], kind: 'norm', deviation: 0 };
}
