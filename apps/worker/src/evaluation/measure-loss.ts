import type { JobSpec } from '@capstan/core';
import { type Adapter, evaluate, type Model, type TokenizedExample } from '@capstan/trainer';

/** Rows between two looks at the signal: a second or so of work on a small machine. */
const ROWS_PER_SLICE = 64;

export interface LossFigures {
  /** Mean over all target tokens. */
  loss: number;
  tokenAccuracy: number;
}

/** Teacher-forced loss over the examples. Rejects with the signal's reason between slices. */
export async function measureLoss(
  { model, adapter }: { model: Model; adapter: Adapter | undefined },
  examples: readonly TokenizedExample[],
  { preference, signal }: { preference: JobSpec['preference']; signal: AbortSignal },
): Promise<LossFigures> {
  let tokens = 0;
  let loss = 0;
  let correct = 0;
  for (let start = 0; start < examples.length; start += ROWS_PER_SLICE) {
    signal.throwIfAborted();
    const slice = await evaluate(model, adapter, examples.slice(start, start + ROWS_PER_SLICE), { preference });
    tokens += slice.tokens;
    loss += slice.loss * slice.tokens;
    correct += slice.tokenAccuracy * slice.tokens;
  }
  return { loss: loss / tokens, tokenAccuracy: correct / tokens };
}
