import { longest, type TokenizedExample } from '../batches.ts';

/** Rows of prompt and answer, padded on the right: nothing looks ahead, so padding needs no mask. */
export interface CausalBatch {
  /** [rows · length]; the last token of a row is only a label. */
  ids: Int32Array;
  rows: number;
  /** Row by row without padding: the targets of the loss, which are the answers' tokens of weight 1. */
  labels: Int32Array;
  /** Where each label's logits stand among the [rows · length] positions: at the token before it. */
  labelPositions: Int32Array;
}

export function padCausalBatch(examples: readonly TokenizedExample[], { padId }: { padId: number }): CausalBatch {
  const wholes = examples.map(({ inputIds, labels }) => ({ inputIds: Int32Array.from([...inputIds, ...labels]), labels }));
  const length = Math.max(1, longest(wholes, ({ inputIds }) => inputIds) - 1);
  const ids = new Int32Array(examples.length * length).fill(padId);
  const labels: number[] = [];
  const labelPositions: number[] = [];
  for (const [row, { inputIds: whole }] of wholes.entries()) {
    const { inputIds, labelWeights } = examples[row] as TokenizedExample;
    ids.set(whole.subarray(0, -1), row * length);
    // Without a prompt nothing comes before the first token of the answer: it cannot be learnt.
    for (let i = Math.max(1, inputIds.length); i < whole.length; i++) {
      if (labelWeights?.[i - inputIds.length] === 0) continue;
      labels.push(whole[i] as number);
      labelPositions.push(row * length + i - 1);
    }
  }
  return { ids, rows: examples.length, labels: Int32Array.from(labels), labelPositions: Int32Array.from(labelPositions) };
}
