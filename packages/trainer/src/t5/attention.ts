import { matMul, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { dropout, linear } from '../network.ts';
import { biasedSoftmax } from '../ops/biased-softmax.ts';
import { mergeHeads, splitHeads } from '../ops/heads.ts';
import type { T5Network } from './config.ts';

export type KeysAndValues = {
  /** [batch, heads, keys, keyDim] */
  keys: Tensor4D;
  values: Tensor4D;
};

/** x: [batch · length, modelDim] → the keys and values that `module` shows to its queries. */
export function keysAndValues(network: T5Network, module: string, x: Tensor2D, batch: number): KeysAndValues {
  const { heads } = network.model.config;
  return {
    keys: splitHeads(linear(network, `${module}.k`, x), batch, heads),
    values: splitHeads(linear(network, `${module}.v`, x), batch, heads),
  };
}

/**
 * x: [batch · queries, modelDim] → the same shape. `bias` is added to the scores: positions, and a large negative number where a
 * query must not look. T5 does not scale scores by the head's width; its initialisation does.
 */
export function attend(network: T5Network, module: string, x: Tensor2D, { keys, values }: KeysAndValues, bias: Tensor4D): Tensor2D {
  const queries = splitHeads(linear(network, `${module}.q`, x), keys.shape[0], network.model.config.heads);
  const scores: Tensor4D = matMul(queries, keys, false, true); // [batch, heads, queries, keys]
  const probabilities = dropout(network, biasedSoftmax(scores, bias));
  return linear(network, `${module}.o`, mergeHeads(matMul<Tensor4D>(probabilities, values)));
}
