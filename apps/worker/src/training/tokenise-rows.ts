import type { DatasetRow } from '@capstan/core';
import type { ExampleEncoder, TokenizedExample, TokenizeLimits } from '@capstan/datasets';

/** Rows between two turns of the event loop, so that heartbeats go out while a large dataset is tokenised. */
const ROWS_PER_TURN = 200;

/** Every row as ids, cut to the limits. Rejects with the signal's reason. */
export async function tokeniseRows(
  rows: readonly DatasetRow[],
  { encoder, limits, signal }: { encoder: ExampleEncoder; limits: TokenizeLimits; signal: AbortSignal },
): Promise<TokenizedExample[]> {
  const examples: TokenizedExample[] = [];
  for (const row of rows) {
    examples.push(encoder.encodeRow(row, limits));
    if (examples.length % ROWS_PER_TURN === 0) await nextTurn(signal);
  }
  return examples;
}

async function nextTurn(signal: AbortSignal): Promise<void> {
  await new Promise(setImmediate);
  signal.throwIfAborted();
}
