import { add, concat, mul, neg, split, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

/** Rotary positions (Su et al., 2021): every head's first half and second half are the coordinates that turn. */
export const rotateOp = defineOp<'x' | 'cosines' | 'sines'>({
  name: 'CapstanRotate',
  forward: ({ x, cosines, sines }) => [add(mul(x, cosines), mul(quarterTurn(x, 1), sines))],
  inputsToSave: ['cosines', 'sines'],
  outputsToSave: [false],
  gradient: (upstream, saved) => {
    const [cosines, sines] = saved as [Tensor, Tensor];
    return { x: () => add(mul(upstream, cosines), quarterTurn(mul(upstream, sines), -1)) };
  },
});

/** (a, b) → (−b, a), or back. */
function quarterTurn(x: Tensor, direction: 1 | -1): Tensor {
  const [first, second] = split(x, 2, 3) as [Tensor, Tensor];
  return direction === 1 ? concat([neg(second), first], 3) : concat([second, neg(first)], 3);
}

export interface Turns {
  /** [batch or 1, 1, length, width] */
  cosines: Tensor;
  sines: Tensor;
}

/** x: [batch, heads, length, width] → x turned by its position. */
export function rotate(x: Tensor4D, { cosines, sines }: Turns): Tensor4D {
  return rotateOp({ x, cosines, sines }) as Tensor4D;
}
