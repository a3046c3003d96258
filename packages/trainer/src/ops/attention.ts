import { add, matMul, mul, reshape, softmax, sub, sum, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

/** Query heads that share a key head are laid side by side, so that grouped-query attention repeats no keys: [b, h, q, w] as [b, k, h/k·q, w]. */
function grouped(x: Tensor, keyHeads: number): Tensor {
  const [batch, , , width] = x.shape as [number, number, number, number];
  return reshape(x, [batch, keyHeads, -1, width]);
}

export const attentionOp = defineOp<'queries' | 'keys' | 'values' | 'bias' | 'mask'>({
  name: 'CapstanAttention',
  forward: ({ queries, keys, values, bias, mask }, { scale, masked }) => {
    const [batch, heads, length] = queries.shape as [number, number, number, number];
    const [keyHeads, keyLength] = keys.shape.slice(1, 3) as [number, number];
    const scores = mul(matMul(grouped(queries, keyHeads), keys, false, true), Number(scale));
    const probabilities = softmax(add(reshape(scores, [batch, heads, length, keyLength]), bias));
    const kept = masked ? mul(probabilities, mask) : probabilities;
    const context = matMul(grouped(kept, keyHeads), values);
    return [reshape(context, [batch, heads, length, -1]), probabilities];
  },
  inputsToSave: ['queries', 'keys', 'values', 'mask'],
  outputsToSave: [false, true],
  gradient: (upstream, saved, { scale, masked }) => {
    const [queries, keys, values, mask, probabilities] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const keyHeads = keys.shape[1] as number;
    const drop = (x: Tensor) => (masked ? mul(x, mask) : x);
    const scoresGradient = once(() => {
      const perKey = reshape(matMul(grouped(upstream, keyHeads), values, false, true), probabilities.shape);
      const weighted = mul(drop(perKey), probabilities);
      return mul(sub(weighted, mul(sum(weighted, -1, true), probabilities)), Number(scale));
    });
    return {
      queries: () => reshape(matMul(grouped(scoresGradient(), keyHeads), keys), queries.shape),
      keys: () => matMul(grouped(scoresGradient(), keyHeads), grouped(queries, keyHeads), true, false),
      values: () => matMul(grouped(drop(probabilities), keyHeads), grouped(upstream, keyHeads), true, false),
    };
  },
});

export interface AttentionInputs {
  /** [batch, heads, queries, width] */
  queries: Tensor4D;
  /** [batch, keyHeads, keys, width]; keyHeads divides heads. */
  keys: Tensor4D;
  values: Tensor4D;
  /** [batch or 1, heads or 1, queries or 1, keys], added to the scores: it gets no gradient. */
  bias: Tensor4D;
  scale: number;
  /** Dropout of the probabilities. */
  mask?: Tensor | undefined;
}

/** softmax(scale · queries · keysᵀ + bias) · values → [batch, heads, queries, width], as one node of the tape. */
export function attention({ queries, keys, values, bias, scale, mask }: AttentionInputs): Tensor4D {
  // Every input that is saved must be there: without dropout the bias stands in for the mask.
  return attentionOp({ queries, keys, values, bias, mask: mask ?? bias }, { scale, masked: mask !== undefined }) as Tensor4D;
}

function once(make: () => Tensor): () => Tensor {
  let made: Tensor | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
