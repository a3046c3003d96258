import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { attentionMask, linear } from '../network.ts';
import { attention } from '../ops/attention.ts';
import { mergeHeads, splitHeads } from '../ops/heads.ts';
import type { T5Network } from './config.ts';

export type KeysAndValues = {
  /** [rows, heads, keys, keyDim] */
  keys: Tensor4D;
  values: Tensor4D;
};

/** x: [rows · length, modelDim] → the keys and values that `module` shows to its queries. */
export function keysAndValues(network: T5Network, module: string, x: Tensor2D, rows: number): KeysAndValues {
  const { heads } = network.model.config;
  return {
    keys: splitHeads(linear(network, `${module}.k`, x), rows, heads),
    values: splitHeads(linear(network, `${module}.v`, x), rows, heads),
  };
}

/**
 * x: [rows · queries, modelDim] → the same shape. `bias` is added to the scores: positions, and a large negative number where a
 * query must not look. T5 does not scale scores by the head's width; its initialisation does.
 */
export function attend(
  network: T5Network,
  module: string,
  x: Tensor2D,
  { keys, values, bias }: KeysAndValues & { bias: Tensor },
): Tensor2D {
  const { heads, dropoutRate } = network.model.config;
  const queries = splitHeads(linear(network, `${module}.q`, x), keys.shape[0], heads);
  const mask = attentionMask(network, queries, keys, dropoutRate);
  return linear(network, `${module}.o`, mergeHeads(attention({ queries, keys, values, bias, scale: 1, mask })));
}
