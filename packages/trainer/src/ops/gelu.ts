import { add, erf, exp, mul, sigmoid, square, sub, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

/** x · Φ(x), Φ being the normal distribution (Hendrycks and Gimpel, 2016): BERT's. */
export const geluOp = defineOp<'x'>({
  name: 'CapstanGelu',
  forward: ({ x }) => [mul(x, normalBelow(x))],
  inputsToSave: ['x'],
  outputsToSave: [false],
  gradient: (upstream, saved) => {
    const x = saved[0] as Tensor;
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return { x: () => mul(upstream, add(normalBelow(x), mul(x, density))) };
  },
});

function normalBelow(x: Tensor): Tensor {
  return mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
}

/** The slope and the cubic term of GELU's tanh form, as the argument of a sigmoid: ½(1 + tanh u) = σ(2u). */
const SLOPE = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = SLOPE * 0.044715;

/** GELU in its tanh form: GPT-2's `gelu_new`. */
export const geluTanhOp = defineOp<'x'>({
  name: 'CapstanGeluTanh',
  forward: ({ x }) => {
    const open = sigmoid(mul(x, add(mul(square(x), CUBIC), SLOPE)));
    return [mul(x, open), open];
  },
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradient: (upstream, saved) => {
    const [x, open] = saved as [Tensor, Tensor];
    const inner = add(mul(square(x), 3 * CUBIC), SLOPE); // derivative of the sigmoid's argument
    return { x: () => mul(upstream, add(open, mul(mul(mul(x, open), sub(1, open)), inner))) };
  },
});

/** x: [rows, width] → the same shape. */
export function gelu(x: Tensor2D): Tensor2D {
  return geluOp({ x }) as Tensor2D;
}

export function geluTanh(x: Tensor2D): Tensor2D {
  return geluTanhOp({ x }) as Tensor2D;
}
