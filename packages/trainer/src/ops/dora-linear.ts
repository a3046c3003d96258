import { add, div, matMul, mul, sqrt, square, sub, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';
import type { DecomposedFactors, LoraFactors } from './lora-linear.ts';

/**
 * The norm of every column of W + scale · AᵀB, [out]. Nothing of W's size is made but its squares: ‖w + d‖² = ‖w‖² + 2 w·d + ‖d‖², and with
 * d = scale · Aᵀb the last two need narrow products alone.
 */
export function columnNorms(weight: Tensor, { a, b, scale }: Pick<LoraFactors, 'a' | 'b' | 'scale'>): Tensor {
  const along = mul(sum(mul(b, matMul(a, weight)), 0), 2 * scale);
  const own = mul(sum(mul(b, matMul(matMul(a, a, false, true), b)), 0), scale * scale);
  return sqrt(add(sum(square(weight), 0), add(along, own)));
}

/** What (W + scale · AᵀB) is multiplied by, column by column. */
export function columnScales(weight: Tensor, factors: DecomposedFactors): Tensor {
  return div(factors.magnitude, columnNorms(weight, factors));
}

/** (x·W + scale · (x·Aᵀ)·B) ∘ magnitude / norms. The norms count as constants, as the paper has it (Liu et al., 2024, section 4.3). */
export const doraLinearOp = defineOp<'x' | 'weight' | 'a' | 'b' | 'magnitude'>({
  name: 'CapstanDoraLinear',
  forward: ({ x, weight, a, b, magnitude }, { scale }) => {
    const narrow = mul(matMul(x, a, false, true), Number(scale)); // [rows, r]
    const product = add(matMul(x, weight), matMul(narrow, b));
    const norms = columnNorms(weight, { a: a as Tensor2D, b: b as Tensor2D, scale: Number(scale) });
    return [mul(product, div(magnitude, norms)), narrow, product, norms];
  },
  inputsToSave: ['x', 'weight', 'a', 'b', 'magnitude'],
  outputsToSave: [false, true, true, true],
  gradient: (upstream, saved, { scale }) => {
    const [x, weight, a, b, magnitude, narrow, product, norms] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const inner = mul(upstream, div(magnitude, norms));
    const narrowGradient = mul(matMul(inner, b, false, true), Number(scale)); // [rows, r]
    return {
      x: () => add(matMul(inner, weight, false, true), matMul(narrowGradient, a)),
      a: () => matMul(narrowGradient, x, true, false),
      b: () => matMul(narrow, inner, true, false),
      magnitude: () => div(sum(mul(upstream, product), 0), norms),
    };
  },
});

/** x, z: [rows, in], where z is x, or x after the adapter's own dropout, which falls on all that the adapter changes; weight: [in, out] → [rows, out]. */
export function doraLinear(x: Tensor2D, z: Tensor2D, weight: Tensor2D, { a, b, scale, magnitude }: DecomposedFactors): Tensor2D {
  const changed = doraLinearOp({ x: z, weight, a, b, magnitude }, { scale }) as Tensor2D;
  return x === z ? changed : (add(changed, matMul(sub(x, z), weight)) as Tensor2D);
}
