import { createRandom, shuffle } from './random.ts';
import type { T5Config } from './t5/config.ts';

export interface TokenizedExample {
  /** The source, ending with eos; already truncated. */
  inputIds: Int32Array;
  /** The target, ending with eos; already truncated. */
  labels: Int32Array;
}

/** Rows padded on the right to their longest: `…Ids` are [rows · length]. */
export interface Batch {
  sourceIds: Int32Array;
  sourceLengths: number[];
  /** The labels shifted right behind the decoder's start token. */
  decoderIds: Int32Array;
  /** Row by row without padding: the targets of the loss. */
  labels: Int32Array;
  /** Where each label's logits stand among the [rows · length] decoder positions. */
  labelPositions: Int32Array;
}

export function padBatch(examples: readonly TokenizedExample[], config: T5Config): Batch {
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

export function tokensOf(examples: readonly TokenizedExample[]): number {
  return examples.reduce((sum, { inputIds, labels }) => sum + inputIds.length + labels.length, 0);
}

/** Batches whose rows are drawn from a window of this many batches, sorted by length: little padding, still nearly random. */
const WINDOW_BATCHES = 8;

/**
 * The batches of one epoch as indices of examples. A pure function of its arguments, so a resumed run needs only the step:
 * examples are shuffled, sorted by length within windows, cut into batches, and the batches shuffled. The last may be short.
 */
export function epochBatches(examples: readonly TokenizedExample[], batchSize: number, seed: number, epoch: number): number[][] {
  const random = createRandom(seed, ORDER_STREAM, epoch);
  const order = shuffle([...examples.keys()], random);
  const lengthOf = (index: number) => (examples[index] as TokenizedExample).inputIds.length;
  const batches: number[][] = [];
  for (let start = 0; start < order.length; start += batchSize * WINDOW_BATCHES) {
    const window = order.slice(start, start + batchSize * WINDOW_BATCHES).sort((a, b) => lengthOf(a) - lengthOf(b));
    for (let i = 0; i < window.length; i += batchSize) batches.push(window.slice(i, i + batchSize));
  }
  return shuffle(batches, random);
}

/** Separates this use of a seed from the trainer's other ones. */
const ORDER_STREAM = 3;

function longest(examples: readonly TokenizedExample[], idsOf: (example: TokenizedExample) => Int32Array): number {
  return examples.reduce((length, example) => Math.max(length, idsOf(example).length), 0);
}
