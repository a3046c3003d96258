import type { TaskType } from './architecture.ts';
import { createRandom, shuffle } from './random.ts';

export interface TokenizedExample {
  /** The source, ending with eos; already truncated. */
  inputIds: Int32Array;
  /** The target, ending with eos; already truncated. */
  labels: Int32Array;
  /** 1 for each label that is learnt and 0 for one that is only read; absent where all are learnt. Decoder-only models honour it. */
  labelWeights?: Uint8Array | undefined;
  /** For DPO: what `labels` is better than. */
  rejectedLabels?: Int32Array | undefined;
}

export function tokensOf(examples: readonly TokenizedExample[]): number {
  return examples.reduce(
    (sum, { inputIds, labels, rejectedLabels }) =>
      sum + inputIds.length + labels.length + (rejectedLabels ? inputIds.length + rejectedLabels.length : 0),
    0,
  );
}

/** Batches whose rows are drawn from a window of this many batches, sorted by length, as transformers' `group_by_length` has it: little padding, still nearly random. */
const WINDOW_BATCHES = 50;

/** By how much a row lengthens its batch: a decoder reads source and target as one text, other models pad their source most. */
export function lengthFor(taskType: TaskType): (example: TokenizedExample) => number {
  return taskType === 'CAUSAL_LM' ? ({ inputIds, labels }) => inputIds.length + labels.length : ({ inputIds }) => inputIds.length;
}

/**
 * The batches of one epoch as indices of examples. A pure function of its arguments, so a resumed run needs only the step:
 * examples are shuffled, sorted by length within windows, cut into batches, and the batches shuffled. The last may be short.
 */
export function epochBatches(
  examples: readonly TokenizedExample[],
  { batchSize, seed, epoch, taskType }: { batchSize: number; seed: number; epoch: number; taskType: TaskType },
): number[][] {
  const random = createRandom(seed, ORDER_STREAM, epoch);
  const order = shuffle([...examples.keys()], random);
  const lengths = examples.map(lengthFor(taskType));
  const lengthOf = (index: number) => lengths[index] as number;
  const batches: number[][] = [];
  for (let start = 0; start < order.length; start += batchSize * WINDOW_BATCHES) {
    const window = order.slice(start, start + batchSize * WINDOW_BATCHES).sort((a, b) => lengthOf(a) - lengthOf(b));
    for (let i = 0; i < window.length; i += batchSize) batches.push(window.slice(i, i + batchSize));
  }
  return shuffle(batches, random);
}

/** Separates this use of a seed from the trainer's other ones. */
const ORDER_STREAM = 3;

/** The length to which a batch is padded. */
export function longest(examples: readonly TokenizedExample[], idsOf: (example: TokenizedExample) => Int32Array): number {
  return examples.reduce((length, example) => Math.max(length, idsOf(example).length), 0);
}
