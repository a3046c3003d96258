import { reshape, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const foldWidthOp = defineOp<'x'>({
  name: 'CapstanFoldWidth',
  forward: ({ x }, { width }) => [reshape(x, [-1, Number(width)])],
  inputsToSave: [],
  outputsToSave: [false],
  gradient: (upstream, _saved, { before }) => ({ x: () => reshape(upstream, [-1, Number(before)]) }),
});

/** The same numbers in rows of another width. */
export function foldWidth(x: Tensor2D, width: number): Tensor2D {
  return foldWidthOp({ x }, { width, before: x.shape[1] }) as Tensor2D;
}
