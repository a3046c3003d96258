import { add, matMul, mul, reshape, scalar, softmax, sub, sum, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { groupHeads, reshapeHeads } from '../graph/dynamic-shape.ts';
import { nativeCpuBackend } from '../graph/native-backend.ts';
import { defineOp } from './define-op.ts';
import { sumTo } from './sum-to.ts';

/** Query heads that share a key head are laid side by side, so that grouped-query attention repeats no keys: [b, h, q, w] as [b, k, h/k·q, w]. */
function grouped(x: Tensor, keyHeads: number): Tensor {
  const [batch, heads, , width] = x.shape as [number, number, number, number];
  if (heads === keyHeads) return x;
  const native = nativeCpuBackend();
  return native === undefined ? reshape(x, [batch, keyHeads, -1, width]) : groupHeads(native, x, keyHeads);
}

/** The way back, where `like` has the shape that was grouped but for its width. */
function ungrouped(x: Tensor, like: Tensor): Tensor {
  const [batch, heads, length] = like.shape as [number, number, number];
  if (x.shape[1] === heads) return x;
  const native = nativeCpuBackend();
  return native === undefined ? reshape(x, [batch, heads, length, -1]) : reshapeHeads(native, x, like);
}

export const attentionOp = defineOp<'queries' | 'keys' | 'values' | 'bias' | 'mask'>({
  name: 'CapstanAttention',
  forward: ({ queries, keys, values, bias, mask }, { scale, masked }) => {
    const keyHeads = keys.shape[1] as number;
    const scores = ungrouped(matMul(grouped(scaled(queries, scale), keyHeads), keys, false, true), queries);
    const probabilities = softmax(add(scores, bias));
    const kept = masked ? mul(probabilities, mask) : probabilities;
    return [ungrouped(matMul(grouped(kept, keyHeads), values), queries), probabilities];
  },
  inputsToSave: ['queries', 'keys', 'values', 'bias', 'mask'],
  outputsToSave: [false, true],
  gradient: (upstream, saved, { scale, masked }) => {
    const [queries, keys, values, bias, mask, probabilities] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const keyHeads = keys.shape[1] as number;
    const drop = (x: Tensor) => (masked ? mul(x, mask) : x);
    const scoresGradient = once(() => {
      const perKey = ungrouped(matMul(grouped(upstream, keyHeads), values, false, true), queries);
      const weighted = mul(drop(perKey), probabilities);
      return sub(weighted, mul(sum(weighted, -1, true), probabilities));
    });
    return {
      queries: () => scaled(ungrouped(matMul(grouped(scoresGradient(), keyHeads), keys), queries), scale),
      keys: () => scaled(matMul(grouped(scoresGradient(), keyHeads), grouped(queries, keyHeads), true, false), scale),
      values: () => matMul(grouped(drop(probabilities), keyHeads), grouped(upstream, keyHeads), true, false),
      bias: () => sumTo(scoresGradient(), bias.shape),
    };
  },
});

export interface AttentionInputs {
  /** [batch, heads, queries, width] */
  queries: Tensor4D;
  /** [batch, keyHeads, keys, width]; keyHeads divides heads. */
  keys: Tensor4D;
  values: Tensor4D;
  /** Added to the scores: [batch, heads, queries, keys], or 1 along any axis, or without the first ones. */
  bias: Tensor;
  scale: number;
  /** Dropout of the probabilities. */
  mask?: Tensor | undefined;
}

/** softmax(scale · queries · keysᵀ + bias) · values → [batch, heads, queries, width], as one node of the tape. */
export function attention({ queries, keys, values, bias, scale, mask }: AttentionInputs): Tensor4D {
  // Every input that is saved must be there.
  return attentionOp({ queries, keys, values, bias, mask: mask ?? scalar(1) }, { scale, masked: mask !== undefined }) as Tensor4D;
}

function scaled(x: Tensor, scale: unknown): Tensor {
  return scale === 1 ? x : mul(x, Number(scale));
}

function once(make: () => Tensor): () => Tensor {
  let made: Tensor | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
