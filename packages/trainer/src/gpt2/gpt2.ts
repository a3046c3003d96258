import type { Architecture } from '../architecture.ts';
import { causalParts } from '../causal/causal.ts';
import { type Gpt2Config, parseGpt2Config } from './config.ts';
import { decode, prepare } from './decoder.ts';
import { weightLayout } from './layout.ts';

/** GPT-2 (Radford et al., 2019). */
export const gpt2: Architecture<Gpt2Config> = {
  ...causalParts({ prepare, decode }),
  parseConfig: parseGpt2Config,
  layout: weightLayout,
  /** The files on the Hub hold the bare decoder. */
  aliases: (name) => [name.replace(/^transformer\./, '')],
};
