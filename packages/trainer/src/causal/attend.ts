import { concat, type Tensor, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { attentionMask, type Network } from '../network.ts';
import { attention } from '../ops/attention.ts';
import { mergeHeads } from '../ops/heads.ts';
import type { KeysAndValues } from './causal.ts';

export interface AttendInputs {
  queries: Tensor4D;
  /** Of the new tokens. */
  added: KeysAndValues;
  /** Of the tokens before. */
  cache: KeysAndValues | undefined;
  bias: Tensor;
  dropoutRate: number;
}

/** Scaled dot-product attention over the tokens so far → [rows · length, heads · width], and the longer cache. */
export function attend(
  network: Network,
  { queries, added, cache, bias, dropoutRate }: AttendInputs,
): { context: Tensor2D; cache: KeysAndValues } {
  const all = append(cache, added);
  const scale = (queries.shape[3] as number) ** -0.5;
  const mask = attentionMask(network, queries, all.keys, dropoutRate);
  return { context: mergeHeads(attention({ queries, ...all, bias, scale, mask })), cache: all };
}

function append(past: KeysAndValues | undefined, added: KeysAndValues): KeysAndValues {
  if (past === undefined) return added;
  return { keys: concat([past.keys, added.keys], 2), values: concat([past.values, added.values], 2) };
}
