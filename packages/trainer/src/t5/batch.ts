import { longest, type TokenizedExample } from '../batches.ts';
import { type HostTensors, vector } from '../host-tensor.ts';
import { placesOf } from '../ops/choose-rows.ts';
import { aheadMask, paddingMask } from '../padding-mask.ts';
import type { T5Config } from './config.ts';
import { relativeBuckets } from './position-bias.ts';

/** Rows padded on the right to their longest: `…Ids` are [rows · length]. */
export interface T5Batch {
  sourceIds: Int32Array;
  sourceLengths: number[];
  /** The labels shifted right behind the decoder's start token. */
  decoderIds: Int32Array;
  /** Row by row without padding: the targets of the loss. */
  labels: Int32Array;
  /** Where each label's logits stand among the [rows · length] decoder positions. */
  labelPositions: Int32Array;
}

export function padBatch(examples: readonly TokenizedExample[], config: Pick<T5Config, 'padId' | 'decoderStartId'>): T5Batch {
  const sourceLength = longest(examples, ({ inputIds }) => inputIds);
  const targetLength = longest(examples, ({ labels }) => labels);
  const sourceIds = new Int32Array(examples.length * sourceLength).fill(config.padId);
  const decoderIds = new Int32Array(examples.length * targetLength).fill(config.padId);
  const labels = new Int32Array(examples.reduce((sum, example) => sum + example.labels.length, 0));
  const labelPositions = new Int32Array(labels.length);
  let count = 0;
  for (const [row, example] of examples.entries()) {
    sourceIds.set(example.inputIds, row * sourceLength);
    decoderIds[row * targetLength] = config.decoderStartId;
    decoderIds.set(example.labels.subarray(0, -1), row * targetLength + 1);
    labels.set(example.labels, count);
    for (let i = 0; i < example.labels.length; i++) labelPositions[count + i] = row * targetLength + i;
    count += example.labels.length;
  }
  return { sourceIds, sourceLengths: examples.map(({ inputIds }) => inputIds.length), decoderIds, labels, labelPositions };
}

/** What the network reads of a batch. */
export function batchInputs({ sourceIds, sourceLengths, decoderIds, labelPositions }: T5Batch, config: T5Config): HostTensors {
  const length = decoderIds.length / sourceLengths.length;
  const buckets = relativeBuckets(config, { queryLength: length, keyLength: length, queryOffset: 0, bidirectional: false });
  return {
    ...sourceInputs(sourceIds, sourceLengths, config),
    decoderIds: vector(decoderIds),
    decoderBuckets: { values: buckets, shape: [length, length] },
    ahead: aheadMask(length),
    labelRows: vector(labelPositions),
    labelPlaces: vector(placesOf(labelPositions, decoderIds.length)),
  };
}

/** What the encoder reads; ids: [rows · length], `lengths` holds each row's real number of tokens. */
export function sourceInputs(ids: Int32Array, lengths: readonly number[], config: T5Config): HostTensors {
  const length = ids.length / lengths.length;
  const buckets = relativeBuckets(config, { queryLength: length, keyLength: length, queryOffset: 0, bidirectional: true });
  return {
    sourceIds: vector(ids),
    sourceMask: paddingMask(lengths, length),
    sourceBuckets: { values: buckets, shape: [length, length] },
  };
}
