import { add, matMul, mul, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

/** x·W + scale · (z·Aᵀ)·B, where z is x, or x after LoRA's own dropout. All factors of the update are kept narrow: nothing of W's size is made. */
export const loraLinearOp = defineOp<'x' | 'z' | 'weight' | 'a' | 'b'>({
  name: 'CapstanLoraLinear',
  forward: ({ x, z, weight, a, b }, { scale }) => {
    const narrow = mul(matMul(z, a, false, true), Number(scale)); // [rows, r]
    return [add(matMul(x, weight), matMul(narrow, b)), narrow];
  },
  inputsToSave: ['z', 'weight', 'a', 'b'],
  outputsToSave: [false, true],
  gradient: (upstream, saved, { scale }) => {
    const [z, weight, a, b, narrow] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const narrowGradient = mul(matMul(upstream, b, false, true), Number(scale)); // [rows, r]
    return {
      x: () => matMul(upstream, weight, false, true),
      z: () => matMul(narrowGradient, a),
      a: () => matMul(narrowGradient, z, true, false),
      b: () => matMul(narrow, upstream, true, false),
    };
  },
});

export interface LoraFactors {
  /** [r, in], as PEFT stores it. */
  a: Tensor2D;
  /** [r, out], PEFT's transposed: so both gradients are plain products. */
  b: Tensor2D;
  scale: number;
  /** [out], what DoRA trains beside the direction; absent otherwise. */
  magnitude?: Tensor1D;
}
export type DecomposedFactors = Required<LoraFactors>;

export function isDecomposed(factors: LoraFactors): factors is DecomposedFactors {
  return factors.magnitude !== undefined;
}

/** x, z: [rows, in], weight: [in, out] → [rows, out]. */
export function loraLinear(x: Tensor2D, z: Tensor2D, weight: Tensor2D, { a, b, scale }: LoraFactors): Tensor2D {
  return loraLinearOp({ x, z, weight, a, b }, { scale }) as Tensor2D;
}
