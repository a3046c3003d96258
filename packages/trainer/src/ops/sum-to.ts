import { sum, type Tensor } from '@tensorflow/tfjs-core';

/** The gradient of broadcasting: sums x over every axis that `shape` lacks in front, or along which it has 1. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  const added = x.shape.length - shape.length;
  const front = [...Array(added).keys()];
  const summed = added === 0 ? x : sum(x, front);
  const axes = summed.shape.flatMap((size, axis) => (size !== 1 && shape[axis] === 1 ? [axis] : []));
  if (axes.length > 0) return sum(summed, axes, true);
  return added === 0 ? x.clone() : summed;
}
