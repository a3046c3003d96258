import { InvalidRequestError } from '@capstan/core';
import { type Tensor, type Tensor1D, type Tensor2D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { DecodingSession, ModelConfig } from '../architecture.ts';
import { type ComputePart, createComputePart } from '../graph/decoding-graphs.ts';
import { toTensors } from '../host-tensor.ts';
import { headLogits, type Network } from '../network.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { selectRows } from '../select-rows.ts';
import type { CausalDecoder, KeysAndValues } from './causal.ts';
import type { Span } from './positions.ts';

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
      const turn = { ids, span: { length, past, starts }, lastOfRows: tokens === undefined ? lastOfRows : undefined, caches };
      const { logits, grown } = tidy(() => nextLogits(network, decoder, turn, computePart));
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

interface Turn {
  /** [rows · length] */
  ids: Int32Array;
  span: Span;
  /** Where every row of prompts ends; absent where each row is one token. */
  lastOfRows: Tensor1D | undefined;
  caches: readonly KeysAndValues[] | undefined;
}

function nextLogits<Config extends ModelConfig>(
  network: Network<Config>,
  decoder: CausalDecoder<Config>,
  { ids, span, lastOfRows, caches }: Turn,
  computePart: ComputePart,
): { logits: Tensor2D; grown: Tensor[] } {
  const rows = span.starts.length;
  const prepared = toTensors(decoder.prepare(network.model.config, ids, span));
  const compute = () => {
    const { hidden, caches: next } = decoder.decode(network, { inputs: prepared, rows, caches });
    const last = lastOfRows === undefined ? hidden : gatherRows(hidden, lastOfRows);
    return [headLogits(network, last), ...next.flatMap(tensorsOf)];
  };
  const part =
    lastOfRows === undefined
      ? { name: 'token', lengths: [span.past], inputs: [...Object.values(prepared), ...(caches ?? []).flatMap(tensorsOf)] }
      : { name: 'prompt', lengths: [span.length], inputs: [...Object.values(prepared), lastOfRows] };
  const [logits, ...grown] = computePart({ ...part, rows, compute });
  return { logits: logits as Tensor2D, grown };
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
