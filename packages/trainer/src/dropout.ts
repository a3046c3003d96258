import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { applyMask } from './ops/scale-by.ts';
import { createRandom } from './random.ts';

export interface DropoutMasks {
  /** Zeroes elements with probability `rate` and scales the rest by 1 / (1 - rate); at rate 0 it returns x itself. */
  apply<X extends Tensor>(x: X, rate: number): X;
  /** What `apply` multiplies by; nothing at rate 0. */
  mask(shape: number[], rate: number): Tensor | undefined;
}

/** Masks that depend on nothing but the seeds and the order of calls, so a resumed step drops what it would have dropped. */
export function createDropoutMasks(...seeds: number[]): DropoutMasks {
  const random = createRandom(...seeds);
  const mask = (shape: number[], rate: number): Tensor | undefined => {
    if (rate === 0) return undefined;
    const kept = 1 / (1 - rate);
    const values = new Float32Array(shape.reduce((size, n) => size * n, 1));
    for (let i = 0; i < values.length; i++) values[i] = random.uniform() < rate ? 0 : kept;
    return tensor(values, shape);
  };
  return {
    mask,
    apply: (x, rate) => {
      const factors = mask(x.shape, rate);
      return factors === undefined ? x : applyMask(x, factors);
    },
  };
}
