import { add, mean, mul, rsqrt, square, sub, sum, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const layerNormOp = defineOp<'x' | 'scale' | 'shift'>({
  name: 'CapstanLayerNorm',
  forward: ({ x, scale, shift }, { epsilon }) => {
    const centred = sub(x, mean(x, -1, true));
    const inverse = rsqrt(add(mean(square(centred), -1, true), Number(epsilon))); // [rows, 1]
    const normed = mul(centred, inverse);
    return [add(mul(normed, scale), shift), normed, inverse];
  },
  inputsToSave: ['scale'],
  outputsToSave: [false, true, true],
  gradient: (upstream, saved) => {
    const [scale, normed, inverse] = saved as [Tensor, Tensor, Tensor];
    return {
      x: () => {
        const scaled = mul(upstream, scale);
        const along = mean(mul(scaled, normed), -1, true); // [rows, 1]
        return mul(sub(sub(scaled, mean(scaled, -1, true)), mul(normed, along)), inverse);
      },
      scale: () => sum(mul(upstream, normed), 0),
      shift: () => sum(upstream, 0),
    };
  },
});

/** x: [rows, width], scale, shift: [width] → (x − mean) / deviation · scale + shift (Ba et al., 2016). */
export function layerNorm(x: Tensor2D, scale: Tensor1D, shift: Tensor1D, epsilon: number): Tensor2D {
  return layerNormOp({ x, scale, shift }, { epsilon }) as Tensor2D;
}
