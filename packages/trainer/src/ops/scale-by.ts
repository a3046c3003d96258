import { mul, type Tensor } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const scaleByOp = defineOp<'x'>({
  name: 'CapstanScaleBy',
  forward: ({ x }, { factor }) => [mul(x, Number(factor))],
  inputsToSave: [],
  outputsToSave: [false],
  gradient: (upstream, _saved, { factor }) => ({ x: () => mul(upstream, Number(factor)) }),
});

export function scaleBy<X extends Tensor>(x: X, factor: number): X {
  return scaleByOp({ x }, { factor }) as X;
}

export const applyMaskOp = defineOp<'x' | 'mask'>({
  name: 'CapstanApplyMask',
  forward: ({ x, mask }) => [mul(x, mask)],
  inputsToSave: ['mask'],
  outputsToSave: [false],
  gradient: (upstream, saved) => ({ x: () => mul(upstream, saved[0] as Tensor) }),
});

/** x times a constant of its shape, which gets no gradient: dropout. */
export function applyMask<X extends Tensor>(x: X, mask: Tensor): X {
  return applyMaskOp({ x, mask }) as X;
}
