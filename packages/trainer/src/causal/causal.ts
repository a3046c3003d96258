import { type Tensor2D, type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';
import type { Architecture, ModelConfig } from '../architecture.ts';
import { headLogits, type Network } from '../network.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { padCausalBatch } from './batch.ts';
import { startCausalDecoding } from './decoding.ts';
import type { Span } from './positions.ts';

export type KeysAndValues = {
  /** [rows, keyHeads, keys, width] */
  keys: Tensor4D;
  values: Tensor4D;
};

export interface CausalInputs {
  /** [rows · length], the next tokens of every row. */
  ids: Int32Array;
  rows: number;
  span: Span;
  /** Of every layer, for the tokens before. */
  caches?: readonly KeysAndValues[] | undefined;
}

export interface Decoded {
  /** [rows · length, width], after the final norm */
  hidden: Tensor2D;
  caches: KeysAndValues[];
}

/** The layers of a decoder-only model, from tokens to the last hidden states. */
export type Decode<Config extends ModelConfig> = (network: Network<Config>, inputs: CausalInputs) => Decoded;

/** All that decoder-only models have in common: the loss falls on the answer's tokens, and answers go on where the prompt ends. */
export function causalParts<Config extends ModelConfig>(
  decode: Decode<Config>,
): Pick<Architecture<Config>, 'taskType' | 'makeBatch' | 'startDecoding'> {
  return {
    taskType: 'CAUSAL_LM',
    makeBatch: (examples, config) => {
      const { ids, rows, labels, labelPositions } = padCausalBatch(examples, config);
      const span = { length: ids.length / rows, past: 0, starts: [] };
      const logits = (network: Network) => {
        const { hidden } = decode(network as Network<Config>, { ids, rows, span });
        return headLogits(network, gatherRows(hidden, tensor1d(labelPositions, 'int32')));
      };
      return { labels, logits };
    },
    startDecoding: (network, inputs) => startCausalDecoding(network, decode, inputs),
  };
}
