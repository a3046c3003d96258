import { add, customGrad, type GradSaveFunc, mul, sigmoid, square, sub, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';

/**
 * gelu(gate) · linear, with GELU in its tanh form as T5 v1.1 was trained (Shazeer, 2020). Written with a sigmoid, which is the
 * same function, ½(1 + tanh u) = σ(2u), and the only one of the two that XNNPACK vectorises.
 */
const SLOPE = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = SLOPE * 0.044715;

/** gate, linear: [rows, width] → [rows, width]. */
export function gatedGelu(gate: Tensor2D, linear: Tensor2D): Tensor2D {
  return fused(gate, linear) as Tensor2D;
}

const fused = customGrad((...inputs) => {
  const [gate, linear, save] = inputs as unknown as [Tensor, Tensor, GradSaveFunc];
  const open = sigmoid(mul(gate, add(mul(square(gate), CUBIC), SLOPE)));
  save([gate, linear, open]);
  return { value: mul(mul(gate, open), linear), gradFunc: (upstream, saved) => gradients(upstream as Tensor, saved) };
});

function gradients(upstream: Tensor, saved: Tensor[]): Tensor[] {
  const [gate, linear, open] = saved as [Tensor, Tensor, Tensor];
  const gelu = mul(gate, open);
  const inner = add(mul(square(gate), 3 * CUBIC), SLOPE); // derivative of the sigmoid's argument
  const slope = add(open, mul(mul(gelu, sub(1, open)), inner));
  return [mul(mul(upstream, linear), slope), mul(upstream, gelu)];
}
