import { DatasetError, type DatasetRow, toSourceTarget } from '@capstan/core';
import { readDataset } from './read-dataset.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface TokenizedExample {
  inputIds: Int32Array;
  /** Ends with the end-of-sequence token, cut or not. */
  labels: Int32Array;
  /** 1 for each label that is learnt and 0 for one that is only read; absent where all are learnt. */
  labelWeights?: Uint8Array;
  /** Of a preference row: what `labels` is better than. */
  rejectedLabels?: Int32Array;
}

export interface TokenizeLimits {
  maxSourceTokens: number;
  maxTargetTokens: number;
}

/** The rows of a dataset that was found good at upload; a bad line throws a DatasetError with its number and reason. */
export async function* datasetRows(
  stream: AsyncIterable<Uint8Array>,
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<DatasetRow> {
  for await (const entry of readDataset(stream)) {
    signal?.throwIfAborted();
    if (entry.kind === 'bad') throw new DatasetError(entry.problems[0]?.message ?? `line ${entry.line}: the row is bad.`);
    if (entry.kind === 'row') yield entry.row;
  }
}

/** The examples of a dataset, row by row and in file order, cut to the limits. */
export async function* tokenizeDataset(
  stream: AsyncIterable<Uint8Array>,
  tokenizer: Tokenizer,
  limits: TokenizeLimits,
  options: { signal?: AbortSignal } = {},
): AsyncGenerator<TokenizedExample> {
  for await (const row of datasetRows(stream, options)) yield tokenizeRow(row, tokenizer, limits);
}

export function tokenizeRow(row: DatasetRow, tokenizer: Tokenizer, { maxSourceTokens, maxTargetTokens }: TokenizeLimits): TokenizedExample {
  const { source, target } = toSourceTarget(row);
  const answer = (text: string) => truncate(tokenizer.encode(text), maxTargetTokens);
  return {
    inputIds: truncate(tokenizer.encode(source), maxSourceTokens),
    labels: answer(target),
    ...(row.rejected && { rejectedLabels: answer(row.rejected.content) }),
  };
}

/** Cuts as the reference does: the last id, which is the end-of-sequence token, stays the last. */
export function truncate(ids: Int32Array, maxTokens: number): Int32Array {
  if (ids.length <= maxTokens) return ids;
  const cut = ids.slice(0, maxTokens);
  cut[maxTokens - 1] = ids[ids.length - 1] as number;
  return cut;
}
