import { add, mul, softmax, sub, sum, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';
import { sumTo } from './sum-to.ts';

export const biasedSoftmaxOp = defineOp<'scores' | 'bias'>({
  name: 'CapstanBiasedSoftmax',
  forward: ({ scores, bias }) => [softmax(add(scores, bias))],
  inputsToSave: ['bias'],
  outputsToSave: [true],
  gradient: (upstream, saved) => {
    const [bias, probabilities] = saved as [Tensor, Tensor];
    const weighted = mul(upstream, probabilities);
    const gradient = sub(weighted, mul(sum(weighted, -1, true), probabilities));
    return { scores: () => gradient.clone(), bias: () => sumTo(gradient, bias.shape) };
  },
});

/** scores: [batch, heads, queries, keys], bias: the same or 1 along any axis → softmax(scores + bias) over the keys. */
export function biasedSoftmax(scores: Tensor4D, bias: Tensor4D): Tensor4D {
  return biasedSoftmaxOp({ scores, bias }) as Tensor4D;
}

export const addMaskOp = defineOp<'positions' | 'mask'>({
  name: 'CapstanAddMask',
  forward: ({ positions, mask }) => [add(positions, mask)],
  inputsToSave: ['positions'],
  outputsToSave: [false],
  gradient: (upstream, saved) => ({ positions: () => sumTo(upstream, (saved[0] as Tensor).shape) }),
});

/** positions: [1, heads, queries, keys], mask: [batch, 1, 1, keys] or [1, 1, queries, keys] → their sum, broadcast. */
export function addMask(positions: Tensor4D, mask: Tensor4D): Tensor4D {
  return addMaskOp({ positions, mask }) as Tensor4D;
}
