import { add, mean, mul, rsqrt, square, sub, sum, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

/** T5's layer norm (Zhang and Sennrich, 2019): no mean is subtracted and there is no bias. */
export const rmsNormOp = defineOp<'x' | 'scale'>({
  name: 'CapstanRmsNorm',
  forward: ({ x, scale }, { epsilon }) => {
    const inverse = rsqrt(add(mean(square(x), -1, true), Number(epsilon))); // [rows, 1]
    return [mul(mul(x, inverse), scale), inverse];
  },
  inputsToSave: ['x', 'scale'],
  outputsToSave: [false, true],
  gradient: (upstream, saved) => {
    const [x, scale, inverse] = saved as [Tensor, Tensor, Tensor];
    return {
      x: () => {
        const normed = mul(x, inverse);
        const scaled = mul(upstream, scale);
        const along = mean(mul(scaled, normed), -1, true); // [rows, 1]
        return mul(sub(scaled, mul(normed, along)), inverse);
      },
      scale: () => sum(mul(upstream, mul(x, inverse)), 0),
    };
  },
});

/** x: [rows, width], scale: [width] → x / rms(x) · scale. */
export function rmsNorm(x: Tensor2D, scale: Tensor1D, epsilon: number): Tensor2D {
  return rmsNormOp({ x, scale }, { epsilon }) as Tensor2D;
}
