import { argMax, equal, sum, type Tensor, type Tensor1D, type Tensor2D, tensor1d } from '@tensorflow/tfjs-core';
import type { Batch } from './architecture.ts';
import type { TokenizedExample } from './batches.ts';
import { toTensors } from './host-tensor.ts';
import type { Network } from './network.ts';
import { crossEntropy } from './ops/cross-entropy.ts';

/** The examples as one padded batch of the network's kind. */
export function batchOf({ model }: Pick<Network, 'model'>, examples: readonly TokenizedExample[]): Batch {
  return model.architecture.makeBatch(examples, model.config);
}

/** The logits of every label of the examples, [labels, vocabulary]. */
export function labelLogits(network: Network, examples: readonly TokenizedExample[]): Tensor2D {
  const batch = batchOf(network, examples);
  return batch.logits(network, toTensors(batch.inputs));
}

/**
 * The sum of the labels' losses: a scalar. Sums, unlike means, add up over micro-batches and ranks of unequal size. `smoothing` is the
 * share of every label that is spread evenly over the vocabulary.
 */
export function summedLoss(logits: Tensor2D, labels: Int32Array, smoothing = 0): Tensor {
  return crossEntropy(logits, int32(labels), smoothing);
}

/** How many labels are the likeliest token: a scalar. */
export function countCorrect(logits: Tensor2D, labels: Int32Array): Tensor {
  return sum(equal(argMax(logits, -1), int32(labels)));
}

function int32(values: Int32Array): Tensor1D {
  return tensor1d(values, 'int32');
}
