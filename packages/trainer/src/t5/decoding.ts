import { gather, reshape, type Tensor, type Tensor2D, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import type { DecodingSession } from '../architecture.ts';
import { type ComputePart, createComputePart } from '../graph/decoding-graphs.ts';
import { toTensors } from '../host-tensor.ts';
import { selectRows } from '../select-rows.ts';
import type { KeysAndValues } from './attention.ts';
import { sourceInputs } from './batch.ts';
import type { T5Network } from './config.ts';
import { decode, decoderBias, type LayerCache, logitsOf } from './decoder.ts';
import { type Encoded, encode } from './encoder.ts';
import { relativeBuckets } from './position-bias.ts';

/** Encodes the inputs and keeps what every later token needs: the keys and values of all layers. */
export function startDecoding(network: T5Network, inputs: readonly Int32Array[]): DecodingSession {
  const { decoderStartId } = network.model.config;
  const computePart = createComputePart(network);
  let encoded = encodeSources(network, inputs, computePart);
  let inputOf = inputs.map((_, row) => row);
  let caches: LayerCache[] | undefined;
  const replaceCaches = (next: LayerCache[]): void => {
    disposeReplaced(caches, next);
    caches = next;
  };
  return {
    beginnings: inputs.map(() => Int32Array.of(decoderStartId)),
    advance: (tokens = inputOf.map(() => decoderStartId)) => {
      const { logits, caches: next } = tidy(() => nextLogits(network, { tokens, encoded, caches }, computePart));
      replaceCaches(next);
      return logits;
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
      disposeAll((caches ?? []).flatMap(tensorsOf));
    },
  };
}

function encodeSources(network: T5Network, inputs: readonly Int32Array[], computePart: ComputePart): Encoded {
  const { config } = network.model;
  const rows = inputs.length;
  const lengths = inputs.map((input) => input.length);
  const length = lengths.reduce((longest, next) => Math.max(longest, next), 0);
  const ids = new Int32Array(rows * length).fill(config.padId);
  for (const [row, input] of inputs.entries()) ids.set(input, row * length);
  return tidy(() => {
    const source = toTensors(sourceInputs(ids, lengths, config));
    const compute = () => [encode(network, source, rows).hidden];
    const [hidden] = computePart({ name: 'source', rows, lengths: [length], inputs: Object.values(source), compute });
    return { hidden: hidden as Tensor2D, mask: source.sourceMask as Tensor, rows };
  });
}

interface TokenInputs {
  tokens: readonly number[];
  encoded: Encoded;
  caches: readonly LayerCache[] | undefined;
}

/** The first token also computes what the decoder reads of the source; the rest are alike. */
function nextLogits(network: T5Network, { tokens, encoded, caches }: TokenInputs, computePart: ComputePart) {
  const past = caches?.[0]?.self.keys.shape[2] ?? 0;
  const range = { queryLength: 1, keyLength: past + 1, queryOffset: past, bidirectional: false };
  const buckets = tensor2d(relativeBuckets(network.model.config, range), [1, past + 1], 'int32');
  const ids = tensor1d([...tokens], 'int32');
  const [rows, source] = [tokens.length, encoded.mask.shape[3] as number];
  const compute = () => {
    const decoded = decode(network, { ids, bias: decoderBias(network, buckets), encoded, caches });
    const made = decoded.caches.flatMap(caches === undefined ? tensorsOf : ({ self }) => [self.keys, self.values]);
    return [logitsOf(network, decoded.hidden), ...made];
  };
  if (caches === undefined) {
    const inputs = [ids, buckets, encoded.mask, encoded.hidden];
    const [logits, ...made] = computePart({ name: 'first token', rows, lengths: [source], inputs, compute });
    const { decoderLayers } = network.model.config;
    const layers = Array.from({ length: decoderLayers }, (_, i) => ({ self: pairAt(made, 2 * i), cross: pairAt(made, 2 * i + 1) }));
    return { logits: logits as Tensor2D, caches: layers };
  }
  const inputs = [ids, buckets, encoded.mask, ...caches.flatMap(tensorsOf)];
  const [logits, ...grown] = computePart({ name: 'token', rows, lengths: [source, past], inputs, compute });
  return { logits: logits as Tensor2D, caches: caches.map(({ cross }, i) => ({ cross, self: pairAt(grown, i) })) };
}

function tensorsOf({ self, cross }: LayerCache): Tensor[] {
  return [self.keys, self.values, cross.keys, cross.values];
}

function pairAt(tensors: readonly Tensor[], index: number): KeysAndValues {
  return { keys: tensors[2 * index], values: tensors[2 * index + 1] } as KeysAndValues;
}

/** hidden: [rows · length, width], mask: [rows, 1, 1, length] */
function selectEncoded({ hidden, mask, rows: before }: Encoded, rows: readonly number[]): Encoded {
  const indices = tensor1d([...rows], 'int32');
  const length = (hidden.shape[0] as number) / before;
  const width = hidden.shape[1] as number;
  const selected = gather(reshape(hidden, [before, length * width]), indices);
  return { hidden: reshape(selected, [rows.length * length, width]), mask: gather(mask, indices), rows: rows.length };
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
