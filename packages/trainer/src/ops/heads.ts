import { reshape, type Tensor, type Tensor2D, type Tensor4D, transpose } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

const split = (x: Tensor, batch: number, heads: number): Tensor => {
  return transpose(reshape(x, [batch, -1, heads, (x.shape[1] as number) / heads]), [0, 2, 1, 3]);
};
const merge = (x: Tensor): Tensor => {
  const [, heads, , width] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [-1, heads * width]);
};

export const splitHeadsOp = defineOp<'x'>({
  name: 'CapstanSplitHeads',
  forward: ({ x }, { batch, heads }) => [split(x, Number(batch), Number(heads))],
  inputsToSave: [],
  outputsToSave: [false],
  gradient: (upstream) => ({ x: () => merge(upstream) }),
});

export const mergeHeadsOp = defineOp<'x'>({
  name: 'CapstanMergeHeads',
  forward: ({ x }) => [merge(x)],
  inputsToSave: [],
  outputsToSave: [false],
  gradient: (upstream, _saved, { batch, heads }) => ({ x: () => split(upstream, Number(batch), Number(heads)) }),
});

/** [batch · length, heads · width] → [batch, heads, length, width] */
export function splitHeads(x: Tensor2D, batch: number, heads: number): Tensor4D {
  return splitHeadsOp({ x }, { batch, heads }) as Tensor4D;
}

/** [batch, heads, length, width] → [batch · length, heads · width] */
export function mergeHeads(x: Tensor4D): Tensor2D {
  return mergeHeadsOp({ x }, { batch: x.shape[0], heads: x.shape[1] }) as Tensor2D;
}
