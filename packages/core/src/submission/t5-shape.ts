import { z } from 'zod';

const count = z.number().int().positive();

/** What an estimate needs of a T5 `config.json`, under its Hugging Face names. */
export const t5ShapeSchema = z.object({
  d_model: count,
  d_kv: count,
  d_ff: count,
  num_layers: count,
  num_decoder_layers: count.optional(),
  num_heads: count,
  vocab_size: count,
  feed_forward_proj: z.string().default('relu'),
});
export type T5Shape = z.infer<typeof t5ShapeSchema>;

export interface LinearModule {
  name: string;
  inputs: number;
  outputs: number;
  /** How many layers of the model have one. */
  count: number;
}

/** Every linear layer of a T5 but its head, by the names that PEFT's `target_modules` match. */
export function linearModules(shape: T5Shape): LinearModule[] {
  const { d_model: model, d_ff: feedForward, num_layers: encoder } = shape;
  const decoder = shape.num_decoder_layers ?? encoder;
  const inner = shape.num_heads * shape.d_kv;
  const attentions = encoder + 2 * decoder;
  const projections = ['q', 'k', 'v'].map((name) => ({ name, inputs: model, outputs: inner, count: attentions }));
  const widenings = shape.feed_forward_proj.startsWith('gated') ? ['wi_0', 'wi_1'] : ['wi'];
  return [
    ...projections,
    { name: 'o', inputs: inner, outputs: model, count: attentions },
    ...widenings.map((name) => ({ name, inputs: model, outputs: feedForward, count: encoder + decoder })),
    { name: 'wo', inputs: feedForward, outputs: model, count: encoder + decoder },
  ];
}
