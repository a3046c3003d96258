import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';

/** Low enough that a softmax gives exactly 0, high enough that a float32 sum stays finite. */
export const MASKED = -1e9;

/** [rows, 1, 1, length]: 0 on tokens, MASKED on the padding after them. */
export function paddingMask(lengths: readonly number[], length: number): Tensor4D {
  const mask = new Float32Array(lengths.length * length);
  for (const [row, real] of lengths.entries()) mask.fill(MASKED, row * length + real, (row + 1) * length);
  return tensor4d(mask, [lengths.length, 1, 1, length]);
}
