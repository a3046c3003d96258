import {
  gather,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  transpose,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const positionTableOp = defineOp<'table' | 'buckets'>({
  name: 'CapstanPositionTable',
  forward: ({ table, buckets }) => [transpose(gather(table, buckets as Tensor2D), [2, 0, 1])],
  inputsToSave: ['buckets'],
  outputsToSave: [false],
  gradient: (upstream, saved, { height, heads }) => ({
    table: () => {
      const perPair = reshape(transpose(upstream, [1, 2, 0]), [-1, Number(heads)]);
      return unsortedSegmentSum(perPair, reshape(saved[0] as Tensor, [-1]) as Tensor1D, Number(height));
    },
  }),
});

/** table: [buckets, heads], buckets: [queries, keys] int32 → [heads, queries, keys] */
export function lookUpPositions(table: Tensor, buckets: Tensor): Tensor3D {
  const [height, heads] = table.shape as [number, number];
  return positionTableOp({ table, buckets }, { height, heads }) as Tensor3D;
}
