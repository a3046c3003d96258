import { add, sum, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const addBiasOp = defineOp<'x' | 'bias'>({
  name: 'CapstanAddBias',
  forward: ({ x, bias }) => [add(x, bias)],
  inputsToSave: [],
  outputsToSave: [false],
  gradient: (upstream) => ({ x: () => upstream.clone(), bias: () => sum(upstream, 0) }),
});

/** x: [rows, width], bias: [width] → their sum, row by row. */
export function addBias(x: Tensor2D, bias: Tensor1D): Tensor2D {
  return addBiasOp({ x, bias }) as Tensor2D;
}
