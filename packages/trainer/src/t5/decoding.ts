import { gather, reshape, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { DecodingSession } from '../architecture.ts';
import { selectRows } from '../select-rows.ts';
import type { T5Network } from './config.ts';
import { decode, type LayerCache, logitsOf } from './decoder.ts';
import { type Encoded, encode } from './encoder.ts';

/** Encodes the inputs and keeps what every later token needs: the keys and values of all layers. */
export function startDecoding(network: T5Network, inputs: readonly Int32Array[]): DecodingSession {
  const { padId, decoderStartId } = network.model.config;
  const length = inputs.reduce((longest, input) => Math.max(longest, input.length), 0);
  const ids = new Int32Array(inputs.length * length).fill(padId);
  for (const [row, input] of inputs.entries()) ids.set(input, row * length);
  const lengths = inputs.map((input) => input.length);
  let encoded = tidy(() => encode(network, tensor1d(ids, 'int32'), lengths));
  let inputOf = inputs.map((_, row) => row);
  let caches: LayerCache[] | undefined;
  const replaceCaches = (next: LayerCache[]): void => {
    disposeReplaced(caches, next);
    caches = next;
  };
  return {
    beginnings: inputs.map(() => Int32Array.of(decoderStartId)),
    advance: (tokens = inputOf.map(() => decoderStartId), read) => {
      const { result, cached } = tidy(() => {
        const decoded = decode(network, tensor1d([...tokens], 'int32'), encoded, caches);
        return { result: read(logitsOf(network, decoded.hidden)), cached: decoded.caches };
      });
      replaceCaches(cached);
      return result;
    },
    select: (rows) => {
      const next = rows.map((row) => inputOf[row] as number);
      // Rows of the same inputs share what they read: only what they have written changes places.
      const isSameInputs = next.join() === inputOf.join();
      const before = encoded;
      if (!isSameInputs) encoded = tidy(() => selectEncoded(before, rows));
      if (!isSameInputs) disposeAll([before.hidden, before.mask]);
      replaceCaches(
        tidy(() =>
          (caches ?? []).map(({ self, cross }) => ({
            self: selectRows(self, rows),
            cross: isSameInputs ? cross : selectRows(cross, rows),
          })),
        ),
      );
      inputOf = next;
    },
    dispose: () => {
      disposeAll([encoded.hidden, encoded.mask]);
      for (const { self, cross } of caches ?? []) disposeAll([self.keys, self.values, cross.keys, cross.values]);
    },
  };
}

/** hidden: [batch · length, width], mask: [batch, 1, 1, length] */
function selectEncoded({ hidden, mask, batch }: Encoded, rows: readonly number[]): Encoded {
  const indices = tensor1d([...rows], 'int32');
  const length = (hidden.shape[0] as number) / batch;
  const width = hidden.shape[1] as number;
  const selected = gather(reshape(hidden, [batch, length * width]), indices);
  return { hidden: reshape(selected, [rows.length * length, width]), mask: gather(mask, indices), batch: rows.length };
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
