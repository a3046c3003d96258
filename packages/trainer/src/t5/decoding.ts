import { type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { DecodingSession } from '../architecture.ts';
import type { T5Network } from './config.ts';
import { decode, type LayerCache, logitsOf } from './decoder.ts';
import { encode } from './encoder.ts';

/** Encodes the inputs and keeps what every later token needs: the keys and values of all layers. */
export function startDecoding(network: T5Network, inputs: readonly Int32Array[]): DecodingSession {
  const { padId, decoderStartId } = network.model.config;
  const length = inputs.reduce((longest, input) => Math.max(longest, input.length), 0);
  const ids = new Int32Array(inputs.length * length).fill(padId);
  for (const [row, input] of inputs.entries()) ids.set(input, row * length);
  const lengths = inputs.map((input) => input.length);
  const encoded = tidy(() => encode(network, tensor1d(ids, 'int32'), lengths));
  let caches: LayerCache[] | undefined;
  return {
    advance: (tokens = inputs.map(() => decoderStartId), pick) => {
      const { next, cached } = tidy(() => {
        const decoded = decode(network, tensor1d([...tokens], 'int32'), encoded, caches);
        return { next: pick(logitsOf(network, decoded.hidden)), cached: decoded.caches };
      });
      disposeReplaced(caches, cached);
      caches = cached;
      return next;
    },
    dispose: () => {
      disposeAll([encoded.hidden, encoded.mask]);
      for (const { self, cross } of caches ?? []) disposeAll([self.keys, self.values, cross.keys, cross.values]);
    },
  };
}

/** A step makes longer self-attention caches; the cross-attention ones are handed on. */
function disposeReplaced(before: readonly LayerCache[] | undefined, after: readonly LayerCache[]): void {
  for (const [i, { self, cross }] of (before ?? []).entries()) {
    disposeAll([self.keys, self.values]);
    if (after[i]?.cross !== cross) disposeAll([cross.keys, cross.values]);
  }
}

function disposeAll(tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}
