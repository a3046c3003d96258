import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Architecture, ModelConfig } from '../architecture.ts';
import { type HostTensors, type Tensors, vector } from '../host-tensor.ts';
import { headLogits, type Network } from '../network.ts';
import { chooseRows, placesOf } from '../ops/choose-rows.ts';
import { padCausalBatch } from './batch.ts';
import { startCausalDecoding } from './decoding.ts';
import type { Span } from './positions.ts';

export type KeysAndValues = {
  /** [rows, keyHeads, keys, width] */
  keys: Tensor4D;
  values: Tensor4D;
};

export interface CausalInputs {
  /** What `prepare` made. */
  inputs: Tensors;
  rows: number;
  /** Of every layer, for the tokens before. */
  caches?: readonly KeysAndValues[] | undefined;
}

export interface Decoded {
  /** [rows · length, width], after the final norm */
  hidden: Tensor2D;
  caches: KeysAndValues[];
}

/** A decoder-only model, from tokens to the last hidden states. */
export interface CausalDecoder<Config extends ModelConfig> {
  /** What the layers read; ids: [rows · length], the next tokens of every row. */
  prepare(config: Config, ids: Int32Array, span: Span): HostTensors;
  decode(network: Network<Config>, inputs: CausalInputs): Decoded;
}

/** All that decoder-only models have in common: the loss falls on the answer's tokens, and answers go on where the prompt ends. */
export function causalParts<Config extends ModelConfig>(
  decoder: CausalDecoder<Config>,
): Pick<Architecture<Config>, 'taskType' | 'makeBatch' | 'startDecoding'> {
  return {
    taskType: 'CAUSAL_LM',
    makeBatch: (examples, config) => {
      const { ids, rows, labels, labelPositions } = padCausalBatch(examples, config);
      const span = { length: ids.length / rows, past: 0, starts: [] };
      const choice = { labelRows: vector(labelPositions), labelPlaces: vector(placesOf(labelPositions, ids.length)) };
      const logits = (network: Network, inputs: Tensors) => {
        const { labelRows, labelPlaces } = inputs as Tensors<keyof typeof choice>;
        const { hidden } = decoder.decode(network as Network<Config>, { inputs, rows });
        return headLogits(network, chooseRows(hidden, { rows: labelRows, places: labelPlaces }));
      };
      return { labels, inputs: { ...decoder.prepare(config, ids, span), ...choice }, logits };
    },
    startDecoding: (network, inputs) => startCausalDecoding(network, decoder, inputs),
  };
}
