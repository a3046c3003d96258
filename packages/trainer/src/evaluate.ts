import { tidy } from '@tensorflow/tfjs-core';
import type { TokenizedExample } from './batches.ts';
import { batchOf, countCorrect, summedLoss } from './forward.ts';
import { groupByLength } from './group-by-length.ts';
import { takeValues, toTensors } from './host-tensor.ts';
import type { Adapter } from './lora.ts';
import { withMerged } from './merge.ts';
import type { Model } from './model.ts';
import { nextTurn } from './next-turn.ts';
import { evaluatePreference } from './preference.ts';

export interface Evaluation {
  /** Mean over all target tokens, not over batches. */
  loss: number;
  /** Share of target tokens that are the likeliest one, given the true tokens before; of pairs, of those that are told right. */
  tokenAccuracy: number;
  /** Target tokens counted. */
  tokens: number;
}

/** Padded source tokens per batch: large enough to keep the matrix products efficient, small enough for any model. */
const DEFAULT_BATCH_TOKENS = 2048;

/** Measures teacher-forced loss; neither the model nor the adapter changes. Gives NaN for no examples. */
export async function evaluate(
  model: Model,
  adapter: Adapter | undefined,
  examples: readonly TokenizedExample[],
  { batchTokens = DEFAULT_BATCH_TOKENS, preference }: { batchTokens?: number; preference?: { beta: number } | undefined } = {},
): Promise<Evaluation> {
  if (preference) return evaluatePreference(model, adapter, examples, preference);
  return withMerged(model, adapter, (merged) => measure(merged, examples, batchTokens));
}

async function measure(model: Model, examples: readonly TokenizedExample[], batchTokens: number): Promise<Evaluation> {
  let loss = 0;
  let correct = 0;
  let tokens = 0;
  for (const rows of groupByLength(examples, { tokens: batchTokens, rows: batchTokens })) {
    const network = { model, adapter: undefined };
    const batch = batchOf(network, rows);
    const { summed, count } = tidy(() => {
      const logits = batch.logits(network, toTensors(batch.inputs));
      return { summed: summedLoss(logits, batch.labels), count: countCorrect(logits, batch.labels) };
    });
    loss += (await takeValues(summed))[0] as number;
    correct += (await takeValues(count))[0] as number;
    tokens += batch.labels.length;
    await nextTurn();
  }
  return { loss: loss / tokens, tokenAccuracy: correct / tokens, tokens };
}
