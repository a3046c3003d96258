import { gather, type Tensor, type Tensor1D, type Tensor2D, unsortedSegmentSum } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const gatherRowsOp = defineOp<'table' | 'rows'>({
  name: 'CapstanGatherRows',
  forward: ({ table, rows }) => [gather(table, rows)],
  inputsToSave: ['rows'],
  outputsToSave: [false],
  gradient: (upstream, saved, { height }) => ({ table: () => unsortedSegmentSum(upstream, saved[0] as Tensor1D, Number(height)) }),
});

/** table: [height, width], rows: [count] int32 → [count, width]: an embedding, or a choice among rows. */
export function gatherRows(table: Tensor, rows: Tensor1D): Tensor2D {
  return gatherRowsOp({ table, rows }, { height: table.shape[0] as number }) as Tensor2D;
}
