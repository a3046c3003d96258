import { z } from 'zod';
import { countActivations, type LinearModule, type ModelShape } from './model-shape.ts';

const count = z.number().int().positive();

/** GPT-2's `config.json`; the defaults are transformers'. */
export const gpt2ConfigSchema = z.object({
  n_embd: count.default(768),
  n_layer: count.default(12),
  n_head: count.default(12),
  n_inner: count.nullish(),
  vocab_size: count.default(50_257),
  n_positions: count.default(1_024),
});

export function gpt2Shape(config: z.infer<typeof gpt2ConfigSchema>): ModelShape {
  const { n_embd: width, n_layer: layers, n_head: heads, vocab_size: vocabulary } = config;
  const inner = config.n_inner ?? 4 * width;
  const modules = blocks('transformer.h', layers).flatMap((block) => [
    linear(`${block}.attn.c_attn`, width, 3 * width),
    linear(`${block}.attn.c_proj`, width, width),
    linear(`${block}.mlp.c_fc`, width, inner),
    linear(`${block}.mlp.c_proj`, inner, width),
  ]);
  return causalShape(modules, { width, inner, layers, heads, vocabulary, positions: config.n_positions });
}

/** The `config.json` of Llama, Mistral, Qwen2 and Qwen3. */
export const llamaConfigSchema = z.object({
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  vocab_size: count,
});

export function llamaShape(config: z.infer<typeof llamaConfigSchema>): ModelShape {
  const { hidden_size: width, intermediate_size: inner, num_hidden_layers: layers, num_attention_heads: heads } = config;
  const headWidth = config.head_dim ?? Math.floor(width / heads);
  const [queries, keys] = [heads * headWidth, (config.num_key_value_heads ?? heads) * headWidth];
  const modules = blocks('model.layers', layers).flatMap((layer) => [
    linear(`${layer}.self_attn.q_proj`, width, queries),
    linear(`${layer}.self_attn.k_proj`, width, keys),
    linear(`${layer}.self_attn.v_proj`, width, keys),
    linear(`${layer}.self_attn.o_proj`, queries, width),
    linear(`${layer}.mlp.gate_proj`, width, inner),
    linear(`${layer}.mlp.up_proj`, width, inner),
    linear(`${layer}.mlp.down_proj`, inner, width),
  ]);
  return causalShape(modules, { width, inner, layers, heads, vocabulary: config.vocab_size, positions: null });
}

interface Sizes {
  width: number;
  inner: number;
  layers: number;
  heads: number;
  vocabulary: number;
  positions: number | null;
}

/** Prompt and answer are one sequence, and only the answer reaches the head. */
function causalShape(modules: LinearModule[], { width, inner, layers, heads, vocabulary, positions }: Sizes): ModelShape {
  return {
    task: 'CAUSAL_LM',
    modules,
    positions,
    ...countActivations(({ source, target }) => {
      const tokens = source + target;
      const perLayer = tokens * (60 * width + 24 * inner + 8 * heads * tokens);
      return { stacks: [{ layers, perLayer, inputs: tokens * width }], head: 4 * target * vocabulary };
    }),
  };
}

function blocks(path: string, layers: number): string[] {
  return Array.from({ length: layers }, (_, i) => `${path}.${i}`);
}

function linear(name: string, inputs: number, outputs: number): LinearModule {
  return { name, inputs, outputs };
}
