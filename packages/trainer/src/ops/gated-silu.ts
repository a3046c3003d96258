import { add, mul, sigmoid, sub, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

/** SwiGLU (Shazeer, 2020), as Llama has it. */
export const gatedSiluOp = defineOp<'gate' | 'linear'>({
  name: 'CapstanGatedSilu',
  forward: ({ gate, linear }) => {
    const open = sigmoid(gate);
    return [mul(mul(gate, open), linear), open];
  },
  inputsToSave: ['gate', 'linear'],
  outputsToSave: [false, true],
  gradient: (upstream, saved) => {
    const [gate, linear, open] = saved as [Tensor, Tensor, Tensor];
    const slope = () => mul(open, add(mul(gate, sub(1, open)), 1));
    return { gate: () => mul(mul(upstream, linear), slope()), linear: () => mul(upstream, mul(gate, open)) };
  },
});

/** gate, linear: [rows, width] → gate · σ(gate) · linear. */
export function gatedSilu(gate: Tensor2D, linear: Tensor2D): Tensor2D {
  return gatedSiluOp({ gate, linear }) as Tensor2D;
}
