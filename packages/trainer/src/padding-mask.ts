import type { HostTensor } from './host-tensor.ts';

/** Low enough that a softmax gives exactly 0, high enough that a float32 sum stays finite. */
export const MASKED = -1e9;

/** [rows, 1, 1, length]: 0 on tokens, MASKED on the padding after them. */
export function paddingMask(lengths: readonly number[], length: number): HostTensor {
  const mask = new Float32Array(lengths.length * length);
  for (const [row, real] of lengths.entries()) mask.fill(MASKED, row * length + real, (row + 1) * length);
  return { values: mask, shape: [lengths.length, 1, 1, length] };
}

/** [length, length]: MASKED where a key lies ahead of its query. */
export function aheadMask(length: number): HostTensor {
  const mask = new Float32Array(length * length);
  for (let query = 0; query < length; query++) mask.fill(MASKED, query * length + query + 1, (query + 1) * length);
  return { values: mask, shape: [length, length] };
}
