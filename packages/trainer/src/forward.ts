import { argMax, equal, sum, type Tensor, type Tensor1D, type Tensor2D, tensor1d } from '@tensorflow/tfjs-core';
import type { Batch } from './batches.ts';
import { crossEntropy } from './ops/cross-entropy.ts';
import { gatherRows } from './ops/gather-rows.ts';
import { decode, logitsOf } from './t5/decoder.ts';
import { encode } from './t5/encoder.ts';
import type { Network } from './t5/network.ts';

/** The logits of every label of the batch, [labels, vocabulary]: padding never reaches the head. */
export function labelLogits(network: Network, batch: Batch): Tensor2D {
  const encoded = encode(network, int32(batch.sourceIds), batch.sourceLengths);
  const { hidden } = decode(network, int32(batch.decoderIds), encoded);
  return logitsOf(network, gatherRows(hidden, int32(batch.labelPositions)));
}

/** The sum of the labels' losses: a scalar. Sums, unlike means, add up over micro-batches and ranks of unequal size. */
export function summedLoss(logits: Tensor2D, labels: Int32Array): Tensor {
  return crossEntropy(logits, int32(labels));
}

/** How many labels are the likeliest token: a scalar. */
export function countCorrect(logits: Tensor2D, labels: Int32Array): Tensor {
  return sum(equal(argMax(logits, -1), int32(labels)));
}

function int32(values: Int32Array): Tensor1D {
  return tensor1d(values, 'int32');
}
