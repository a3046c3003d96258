import { pad, slice, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const columnsOp = defineOp<'x'>({
  name: 'CapstanColumns',
  forward: ({ x }, { start, width }) => [slice(x, [0, Number(start)], [x.shape[0] as number, Number(width)])],
  inputsToSave: [],
  outputsToSave: [false],
  gradient: (upstream: Tensor, _saved, { start, width, total }) => ({
    x: () =>
      pad(upstream, [
        [0, 0],
        [Number(start), Number(total) - Number(start) - Number(width)],
      ]),
  }),
});

/** x: [rows, total] → its `width` columns from `start` on. */
export function columns(x: Tensor2D, start: number, width: number): Tensor2D {
  return columnsOp({ x }, { start, width, total: x.shape[1] }) as Tensor2D;
}
