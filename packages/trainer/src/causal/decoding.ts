import { InvalidRequestError } from '@capstan/core';
import { type Tensor, type Tensor2D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { DecodingSession, ModelConfig } from '../architecture.ts';
import { createComputePart } from '../graph/decoding-graphs.ts';
import { toTensors } from '../host-tensor.ts';
import { headLogits, type Network } from '../network.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { selectRows } from '../select-rows.ts';
import type { CausalDecoder, KeysAndValues } from './causal.ts';

/** Rows are padded on the left, so that all of them end together; the first turn reads the prompts, later ones a token a row. */
export function startCausalDecoding<Config extends ModelConfig>(
  network: Network<Config>,
  decoder: CausalDecoder<Config>,
  inputs: readonly Int32Array[],
): DecodingSession {
  const { promptLength, prompts, starts: first } = padPrompts(inputs, network.model.config.padId);
  let starts = first;
  const lastOfRows = tensor1d(
    inputs.map((_, row) => (row + 1) * promptLength - 1),
    'int32',
  );
  const computePart = createComputePart(network);
  let caches: KeysAndValues[] | undefined;
  let past = 0;
  const replaceCaches = (next: KeysAndValues[]): void => {
    disposeCaches(caches);
    caches = next;
  };
  return {
    beginnings: inputs,
    advance: (tokens) => {
      const length = tokens === undefined ? promptLength : 1;
      const ids = tokens === undefined ? prompts : Int32Array.from(tokens);
      const { logits, grown } = tidy(() => {
        const rows = starts.length;
        const prepared = toTensors(decoder.prepare(network.model.config, ids, { length, past, starts }));
        const last = (hidden: Tensor2D) => (tokens === undefined ? gatherRows(hidden, lastOfRows) : hidden);
        const compute = () => {
          const decoded = decoder.decode(network, { inputs: prepared, rows, caches });
          return [headLogits(network, last(decoded.hidden)), ...decoded.caches.flatMap(tensorsOf)];
        };
        const part =
          tokens === undefined
            ? { name: 'prompt', lengths: [length], inputs: [...Object.values(prepared), lastOfRows] }
            : { name: 'token', lengths: [past], inputs: [...Object.values(prepared), ...(caches ?? []).flatMap(tensorsOf)] };
        const [logits, ...grown] = computePart({ ...part, rows, compute });
        return { logits: logits as Tensor2D, grown };
      });
      replaceCaches(pairs(grown));
      past += length;
      return logits;
    },
    select: (rows) => {
      starts = rows.map((row) => starts[row] as number);
      replaceCaches(tidy(() => (caches ?? []).map((cache) => selectRows(cache, rows))));
    },
    dispose: () => {
      lastOfRows.dispose();
      disposeCaches(caches);
    },
  };
}

function padPrompts(inputs: readonly Int32Array[], padId: number): { promptLength: number; prompts: Int32Array; starts: number[] } {
  if (inputs.some(({ length }) => length === 0)) throw new InvalidRequestError('The prompt has no tokens to go on from.');
  const promptLength = Math.max(...inputs.map(({ length }) => length));
  const starts = inputs.map(({ length }) => promptLength - length);
  const prompts = new Int32Array(inputs.length * promptLength).fill(padId);
  for (const [row, input] of inputs.entries()) prompts.set(input, row * promptLength + (starts[row] as number));
  return { promptLength, prompts, starts };
}

function tensorsOf({ keys, values }: KeysAndValues): Tensor[] {
  return [keys, values];
}

function pairs(tensors: readonly Tensor[]): KeysAndValues[] {
  return Array.from({ length: tensors.length / 2 }, (_, i) => ({ keys: tensors[2 * i], values: tensors[2 * i + 1] }) as KeysAndValues);
}

function disposeCaches(caches: readonly KeysAndValues[] | undefined): void {
  for (const { keys, values } of caches ?? []) {
    keys.dispose();
    values.dispose();
  }
}
