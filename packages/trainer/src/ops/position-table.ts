import { gather, reshape, type Tensor, type Tensor1D, type Tensor4D, transpose, unsortedSegmentSum } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const positionTableOp = defineOp<'table' | 'buckets'>({
  name: 'CapstanPositionTable',
  forward: ({ table, buckets }, { queries, keys }) => {
    const perPair = gather(table, buckets); // [queries · keys, heads]
    return [reshape(transpose(perPair), [1, table.shape[1] as number, Number(queries), Number(keys)])];
  },
  inputsToSave: ['buckets'],
  outputsToSave: [false],
  gradient: (upstream, saved, { height }) => ({
    table: () => {
      const heads = upstream.shape[1] as number;
      return unsortedSegmentSum(transpose(reshape(upstream, [heads, -1])), saved[0] as Tensor1D, Number(height));
    },
  }),
});

/** table: [buckets, heads], buckets: [queries · keys] int32 → [1, heads, queries, keys] */
export function lookUpPositions(table: Tensor, buckets: Tensor1D, { queries, keys }: { queries: number; keys: number }): Tensor4D {
  return positionTableOp({ table, buckets }, { queries, keys, height: table.shape[0] as number }) as Tensor4D;
}
