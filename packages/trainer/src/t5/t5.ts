import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { Architecture } from '../architecture.ts';
import type { Tensors } from '../host-tensor.ts';
import { chooseRows } from '../ops/choose-rows.ts';
import { batchInputs, padBatch } from './batch.ts';
import { parseT5Config, type T5Config, type T5Network } from './config.ts';
import { decode, decoderBias, logitsOf } from './decoder.ts';
import { startDecoding } from './decoding.ts';
import { encode } from './encoder.ts';
import { EMBEDDING, weightLayout } from './layout.ts';

/** T5 v1.0, v1.1 and Flan-T5 (Raffel et al., 2020): an encoder reads the source, a decoder writes the target. */
export const t5: Architecture<T5Config> = {
  taskType: 'SEQ_2_SEQ_LM',
  parseConfig: parseT5Config,
  layout: weightLayout,
  aliases: (name) => (name === EMBEDDING ? ['encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'] : []),
  makeBatch: (examples, config) => {
    const batch = padBatch(examples, config);
    return {
      labels: batch.labels,
      inputs: batchInputs(batch, config),
      logits: (network, inputs) => labelLogits(network as T5Network, inputs, examples.length),
    };
  },
  startDecoding,
};

type Name = 'decoderIds' | 'decoderBuckets' | 'ahead' | 'labelRows' | 'labelPlaces';

function labelLogits(network: T5Network, inputs: Tensors, rows: number): Tensor2D {
  const { decoderIds, decoderBuckets, ahead, labelRows, labelPlaces } = inputs as Tensors<Name>;
  const encoded = encode(network, inputs, rows);
  const bias = decoderBias(network, decoderBuckets, ahead);
  const { hidden } = decode(network, { ids: decoderIds, bias, encoded });
  return logitsOf(network, chooseRows(hidden, { rows: labelRows, places: labelPlaces }));
}
