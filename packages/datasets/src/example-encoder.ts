import { type ChatMessage, DatasetError, type DatasetRow, joinMessages, toSourceTarget } from '@capstan/core';
import { type TokenizedExample, type TokenizeLimits, tokenizeRow, truncate } from './tokenize-dataset.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Turns rows, questions and answers into ids and back, each kind of model in its own way. */
export interface ExampleEncoder {
  encodeRow(row: DatasetRow, limits: TokenizeLimits): TokenizedExample;
  /** What the model is asked for the row's last answer. */
  encodeQuestion(row: DatasetRow, limits: TokenizeLimits): Int32Array;
  encodePrompt(input: { messages: ChatMessage[] } | { prompt: string }): Int32Array;
}

/** An encoder reads the source, a decoder writes the target. */
export function createSourceTargetEncoder(tokenizer: Tokenizer): ExampleEncoder {
  return {
    encodeRow: (row, limits) => tokenizeRow(row, tokenizer, limits),
    encodeQuestion: (row, limits) => tokenizeRow(row, tokenizer, limits).inputIds,
    encodePrompt: (input) => tokenizer.encode('prompt' in input ? input.prompt : joinMessages(input.messages)),
  };
}

/** The row's one label is the place of its target among the classes. */
export function createClassEncoder(tokenizer: Tokenizer, labels: readonly string[]): ExampleEncoder {
  const idOf = new Map(labels.map((label, id) => [label, id]));
  const encodeQuestion: ExampleEncoder['encodeQuestion'] = (row, { maxSourceTokens }) =>
    truncate(tokenizer.encode(toSourceTarget(row).source), maxSourceTokens);
  return {
    encodeRow: (row, limits) => {
      if (row.rejected)
        throw new DatasetError('A classifier has one right class and no better and worse answers: it cannot be trained by DPO.');
      const { target } = toSourceTarget(row);
      const id = idOf.get(target);
      if (id === undefined) throw new DatasetError(`The class ${JSON.stringify(target)} is in no row of the training file.`);
      return { inputIds: encodeQuestion(row, limits), labels: Int32Array.of(id) };
    },
    encodeQuestion,
    encodePrompt: (input) => tokenizer.encode('prompt' in input ? input.prompt : joinMessages(input.messages)),
  };
}

/** More classes than this are a sign that the targets are texts. */
const MOST_CLASSES = 1_000;

/** The classes of a dataset: its distinct targets, in order. */
export function classesOf(rows: readonly DatasetRow[]): string[] {
  const labels = [...new Set(rows.map((row) => toSourceTarget(row).target))].sort();
  if (labels.length <= MOST_CLASSES) return labels;
  throw new DatasetError(`The rows have ${labels.length} different targets; a classifier tells at most ${MOST_CLASSES} classes apart.`);
}
