import { pad, split, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const columnsOp = defineOp<'x'>({
  name: 'CapstanColumns',
  forward: ({ x }, { start, width, total }) => {
    // A slice would fix the number of rows.
    const widths = [Number(start), Number(width), Number(total) - Number(start) - Number(width)].filter((size) => size > 0);
    return [split(x, widths, 1)[start === 0 ? 0 : 1] as Tensor];
  },
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
