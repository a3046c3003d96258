import { sum, type Tensor } from '@tensorflow/tfjs-core';

/** The gradient of broadcasting: sums x over every axis along which `shape` has 1. Both have the same rank. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  const axes = x.shape.flatMap((size, axis) => (size !== 1 && shape[axis] === 1 ? [axis] : []));
  return axes.length === 0 ? x.clone() : sum(x, axes, true);
}
