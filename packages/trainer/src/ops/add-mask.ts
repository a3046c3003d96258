import { add, type Tensor } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';
import { sumTo } from './sum-to.ts';

export const addMaskOp = defineOp<'positions' | 'mask'>({
  name: 'CapstanAddMask',
  forward: ({ positions, mask }) => [add(positions, mask)],
  inputsToSave: ['positions'],
  outputsToSave: [false],
  gradient: (upstream, saved) => ({ positions: () => sumTo(upstream, (saved[0] as Tensor).shape) }),
});

/** positions: [heads, queries, keys], mask: [batch, 1, 1, keys] or [queries, keys] → their sum, broadcast. */
export function addMask(positions: Tensor, mask: Tensor): Tensor {
  return addMaskOp({ positions, mask });
}
