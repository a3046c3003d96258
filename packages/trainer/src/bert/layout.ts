import type { WeightSpec } from '../architecture.ts';
import type { BertConfig } from './config.ts';

export const EMBEDDING = 'bert.embeddings.word_embeddings.weight';
export const POSITIONS = 'bert.embeddings.position_embeddings.weight';
export const SEGMENTS = 'bert.embeddings.token_type_embeddings.weight';
export const HEAD = 'classifier.weight';

export function weightLayout(config: BertConfig): WeightSpec[] {
  const { vocabSize, positions, segments, width, innerWidth, layers, labels, deviation } = config;
  const table = (name: string, height: number): WeightSpec => ({ name, shape: [height, width], kind: 'embedding', deviation });
  const linear = (module: string, outputs: number, inputs: number): WeightSpec[] => [
    { name: `${module}.weight`, shape: [outputs, inputs], kind: 'linear', deviation },
    { name: `${module}.bias`, shape: [outputs], kind: 'bias', deviation: 0 },
  ];
  const optional = (specs: WeightSpec[]) => specs.map((spec) => ({ ...spec, isOptional: true }));
  const encoder = Array.from({ length: layers }, (_, i) => `bert.encoder.layer.${i}`).flatMap((layer) => [
    ...linear(`${layer}.attention.self.query`, width, width),
    ...linear(`${layer}.attention.self.key`, width, width),
    ...linear(`${layer}.attention.self.value`, width, width),
    ...linear(`${layer}.attention.output.dense`, width, width),
    ...normSpecs(`${layer}.attention.output.LayerNorm`, width),
    ...linear(`${layer}.intermediate.dense`, innerWidth, width),
    ...linear(`${layer}.output.dense`, width, innerWidth),
    ...normSpecs(`${layer}.output.LayerNorm`, width),
  ]);
  return [
    table(EMBEDDING, vocabSize),
    table(POSITIONS, positions),
    table(SEGMENTS, segments),
    ...normSpecs('bert.embeddings.LayerNorm', width),
    ...encoder,
    ...optional(linear('bert.pooler.dense', width, width)),
    ...optional(linear('classifier', labels.length, width)),
  ];
}

function normSpecs(module: string, width: number): WeightSpec[] {
  return [
    { name: `${module}.weight`, shape: [width], kind: 'norm', deviation: 0 },
    { name: `${module}.bias`, shape: [width], kind: 'bias', deviation: 0 },
  ];
}
