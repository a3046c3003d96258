import type { Architecture } from '../architecture.ts';
import { causalParts } from '../causal/causal.ts';
import { type LlamaConfig, parseLlamaConfig } from './config.ts';
import { decode, prepare } from './decoder.ts';
import { weightLayout } from './layout.ts';

/** Llama (Touvron et al., 2023) and its relatives: Mistral, Qwen2, Qwen3, SmolLM2. */
export const llama: Architecture<LlamaConfig> = {
  ...causalParts({ prepare, decode }),
  parseConfig: parseLlamaConfig,
  layout: weightLayout,
  aliases: (name) => [name.replace(/^model\./, '')],
};
