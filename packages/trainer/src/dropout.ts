import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { applyMask } from './ops/scale-by.ts';
import { createRandom } from './random.ts';

export interface DropoutMasks {
  /** Zeroes elements with probability `rate` and scales the rest by 1 / (1 - rate); at rate 0 it returns x itself. */
  apply<X extends Tensor>(x: X, rate: number): X;
}

/** Masks that depend on nothing but the seeds and the order of calls, so a resumed step drops what it would have dropped. */
export function createDropoutMasks(...seeds: number[]): DropoutMasks {
  const random = createRandom(...seeds);
  return {
    apply: (x, rate) => {
      if (rate === 0) return x;
      const kept = 1 / (1 - rate);
      const mask = new Float32Array(x.size);
      for (let i = 0; i < mask.length; i++) mask[i] = random.uniform() < rate ? 0 : kept;
      return applyMask(x, tensor(mask, x.shape));
    },
  };
}
