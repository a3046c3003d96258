import { add, floor, mul, type Tensor, tensor, tensor1d } from '@tensorflow/tfjs-core';
import { attentionShape, shapeOf } from './graph/dynamic-shape.ts';
import { type NativeBackend, nativeCpuBackend } from './graph/native-backend.ts';
import { randomUniform } from './graph/random-uniform.ts';
import { applyMask } from './ops/scale-by.ts';
import { createRandom } from './random.ts';

export interface DropoutMasks {
  /** Zeroes elements with probability `rate` and scales the rest by 1 / (1 - rate); at rate 0 it returns x itself. */
  apply<X extends Tensor>(x: X, rate: number): X;
  /** What the attention of these queries to these keys is multiplied by; nothing at rate 0. */
  ofAttention(queries: Tensor, keys: Tensor, rate: number): Tensor | undefined;
  /** Masks for a part of the network, the same ones for the same number: a part may be computed twice. */
  branch(part: number): DropoutMasks;
}

/** Masks that depend on nothing but the seeds and the order of calls, so a resumed step drops what it would have dropped. */
export function createDropoutMasks(...seeds: number[]): DropoutMasks {
  const native = nativeCpuBackend();
  return native === undefined ? hostMasks(seeds) : nativeMasks(native, () => tensor1d(dropoutSeed(...seeds), 'int32'));
}

/** Two words that stand for the seeds. */
export function dropoutSeed(...seeds: number[]): Int32Array {
  const random = createRandom(...seeds);
  return Int32Array.from({ length: 2 }, () => random.integer(2 ** 31));
}

/** Drawn by TensorFlow from a tensor of two int32 words, and so a part of the graph of a step. */
export function nativeMasks(native: NativeBackend, seed: () => Tensor, part = -1): DropoutMasks {
  let drawn = 0;
  const draw = (shape: Tensor, rate: number): Tensor => {
    const uniform = randomUniform(native, shape, add(seed(), tensor1d([drawn++, part + 1], 'int32')));
    return mul(floor(add(uniform, 1 - rate)), 1 / (1 - rate));
  };
  return {
    apply: (x, rate) => (rate === 0 ? x : applyMask(x, draw(shapeOf(native, x), rate))),
    ofAttention: (queries, keys, rate) => (rate === 0 ? undefined : draw(attentionShape(native, queries, keys), rate)),
    branch: (next) => nativeMasks(native, seed, next),
  };
}

function hostMasks(seeds: readonly number[]): DropoutMasks {
  const random = createRandom(...seeds);
  const draw = (shape: readonly number[], rate: number): Tensor => {
    const kept = 1 / (1 - rate);
    const values = new Float32Array(shape.reduce((size, n) => size * n, 1));
    for (let i = 0; i < values.length; i++) values[i] = random.uniform() < rate ? 0 : kept;
    return tensor(values, [...shape]);
  };
  return {
    apply: (x, rate) => (rate === 0 ? x : applyMask(x, draw(x.shape, rate))),
    ofAttention: (queries, keys, rate) => (rate === 0 ? undefined : draw([...queries.shape.slice(0, 3), keys.shape[2] as number], rate)),
    branch: (part) => hostMasks([...seeds, part]),
  };
}
