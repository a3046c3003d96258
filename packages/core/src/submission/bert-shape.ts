import { z } from 'zod';
import { countActivations, type ModelShape } from './model-shape.ts';

const count = z.number().int().positive();

/** BERT's `config.json`; the defaults are transformers'. */
export const bertConfigSchema = z.object({
  hidden_size: count.default(768),
  intermediate_size: count.default(3_072),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(12),
  max_position_embeddings: count.default(512),
});

export function bertShape(config: z.infer<typeof bertConfigSchema>): ModelShape {
  const { hidden_size: width, intermediate_size: inner, num_hidden_layers: layers, num_attention_heads: heads } = config;
  const encoder = Array.from({ length: layers }, (_, i) => `bert.encoder.layer.${i}`).flatMap((layer) => [
    ...['query', 'key', 'value'].map((part) => ({ name: `${layer}.attention.self.${part}`, inputs: width, outputs: width })),
    { name: `${layer}.attention.output.dense`, inputs: width, outputs: width },
    { name: `${layer}.intermediate.dense`, inputs: width, outputs: inner },
    { name: `${layer}.output.dense`, inputs: inner, outputs: width },
  ]);
  return {
    task: 'SEQ_CLS',
    positions: config.max_position_embeddings,
    modules: [...encoder, { name: 'bert.pooler.dense', inputs: width, outputs: width }],
    ...countActivations(({ source }) => {
      const perLayer = source * (60 * width + 24 * inner + 8 * heads * source);
      return { stacks: [{ layers, perLayer, inputs: source * width }], head: 0 };
    }),
  };
}
