import { InvalidRequestError } from '@capstan/core';
import { type Tensor2D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { DecodingSession, ModelConfig } from '../architecture.ts';
import { headLogits, type Network } from '../network.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { selectRows } from '../select-rows.ts';
import type { Decode, KeysAndValues } from './causal.ts';

/** Rows are padded on the left, so that all of them end together; the first turn reads the prompts, later ones a token a row. */
export function startCausalDecoding<Config extends ModelConfig>(
  network: Network<Config>,
  decode: Decode<Config>,
  inputs: readonly Int32Array[],
): DecodingSession {
  if (inputs.some(({ length }) => length === 0)) throw new InvalidRequestError('The prompt has no tokens to go on from.');
  const promptLength = Math.max(...inputs.map(({ length }) => length));
  let starts = inputs.map(({ length }) => promptLength - length);
  const prompts = new Int32Array(inputs.length * promptLength).fill(network.model.config.padId);
  for (const [row, input] of inputs.entries()) prompts.set(input, row * promptLength + (starts[row] as number));
  const lastOfRows = tensor1d(
    inputs.map((_, row) => (row + 1) * promptLength - 1),
    'int32',
  );
  let caches: KeysAndValues[] | undefined;
  let past = 0;
  const replaceCaches = (next: KeysAndValues[]): void => {
    disposeCaches(caches);
    caches = next;
  };
  return {
    beginnings: inputs,
    advance: (tokens, read) => {
      const length = tokens === undefined ? promptLength : 1;
      const ids = tokens === undefined ? prompts : Int32Array.from(tokens);
      const { result, cached } = tidy(() => {
        const decoded = decode(network, { ids, rows: starts.length, span: { length, past, starts }, caches });
        const last: Tensor2D = length === 1 ? decoded.hidden : gatherRows(decoded.hidden, lastOfRows);
        return { result: read(headLogits(network, last)), cached: decoded.caches };
      });
      replaceCaches(cached);
      past += length;
      return result;
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

function disposeCaches(caches: readonly KeysAndValues[] | undefined): void {
  for (const { keys, values } of caches ?? []) {
    keys.dispose();
    values.dispose();
  }
}
