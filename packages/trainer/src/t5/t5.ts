import { type Tensor2D, tensor1d } from '@tensorflow/tfjs-core';
import type { Architecture } from '../architecture.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { padBatch, type T5Batch } from './batch.ts';
import { parseT5Config, type T5Config, type T5Network } from './config.ts';
import { decode, logitsOf } from './decoder.ts';
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
    return { labels: batch.labels, logits: (network) => labelLogits(network as T5Network, batch) };
  },
  startDecoding,
};

function labelLogits(network: T5Network, batch: T5Batch): Tensor2D {
  const encoded = encode(network, tensor1d(batch.sourceIds, 'int32'), batch.sourceLengths);
  const { hidden } = decode(network, tensor1d(batch.decoderIds, 'int32'), encoded);
  return logitsOf(network, gatherRows(hidden, tensor1d(batch.labelPositions, 'int32')));
}
