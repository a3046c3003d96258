import { type ChatMessage, DatasetError, type DatasetRow, isTrained, joinMessages, toSourceTarget } from '@capstan/core';
import type { RenderChat } from './chat-template.ts';
import { type TokenizedExample, type TokenizeLimits, tokenizeRow, truncate } from './tokenize-dataset.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Turns rows, questions and answers into ids and back, each kind of model in its own way. */
export interface ExampleEncoder {
  encodeRow(row: DatasetRow, limits: TokenizeLimits): TokenizedExample;
  encodePrompt(input: { messages: ChatMessage[] } | { prompt: string }): Int32Array;
}

/** An encoder reads the source, a decoder writes the target. */
export function createSourceTargetEncoder(tokenizer: Tokenizer): ExampleEncoder {
  return {
    encodeRow: (row, limits) => tokenizeRow(row, tokenizer, limits),
    encodePrompt: (input) => tokenizer.encode('prompt' in input ? input.prompt : joinMessages(input.messages)),
  };
}

/** The row's one label is the place of its target among the classes. */
export function createClassEncoder(tokenizer: Tokenizer, labels: readonly string[]): ExampleEncoder {
  const idOf = new Map(labels.map((label, id) => [label, id]));
  return {
    encodeRow: (row, { maxSourceTokens }) => {
      const { source, target } = toSourceTarget(row);
      const id = idOf.get(target);
      if (id === undefined) throw new DatasetError(`The class ${JSON.stringify(target)} is in no row of the training file.`);
      return { inputIds: truncate(tokenizer.encode(source), maxSourceTokens), labels: Int32Array.of(id) };
    },
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

/**
 * Prompt and answer are one text, and the loss falls on the answer. Conversations take the model's chat template; without one they are
 * joined as for other models, and a prompt with its completion is taken as it is.
 */
export function createCausalEncoder(
  tokenizer: Tokenizer,
  { chat, eosIds }: { chat: RenderChat | null; eosIds: readonly number[] },
): ExampleEncoder {
  const eosId = eosIds[0] ?? tokenizer.eosId;
  const withoutEnd = (ids: Int32Array) => (ids.at(-1) === eosId ? ids.slice(0, -1) : ids);
  const asking = (messages: readonly ChatMessage[]): { text: string; ids: Int32Array } => {
    const text = chat === null ? `${joinMessages(messages)}\n` : chat(messages, { asks: true });
    return { text, ids: chat === null ? withoutEnd(tokenizer.encode(text)) : tokenizer.encodeBare(text) };
  };
  const answering = (messages: readonly ChatMessage[], answer: ChatMessage, prompt: string): Int32Array => {
    const whole = chat?.([...messages, answer], { asks: false });
    const text = whole?.startsWith(prompt) ? whole.slice(prompt.length) : answer.content;
    const ids = tokenizer.encodeBare(text);
    const end = ids.findIndex((id) => eosIds.includes(id));
    return end === -1 ? Int32Array.from([...ids, eosId]) : ids.slice(0, end + 1);
  };
  return {
    encodeRow: ({ format, messages }, { maxSourceTokens, maxTargetTokens }) => {
      const at = messages.findLastIndex(isTrained);
      const [before, answer] = [messages.slice(0, Math.max(at, 0)), messages[at] as ChatMessage];
      const isPlain = format === 'prompt-completion' && chat === null;
      const prompt = isPlain ? plainPrompt(joinMessages(before)) : asking(before);
      return { inputIds: lastOf(prompt.ids, maxSourceTokens), labels: truncate(answering(before, answer, prompt.text), maxTargetTokens) };
    },
    encodePrompt: (input) => ('prompt' in input ? plainPrompt(input.prompt).ids : asking(input.messages).ids),
  };

  function plainPrompt(text: string): { text: string; ids: Int32Array } {
    return { text, ids: withoutEnd(tokenizer.encode(text)) };
  }
}

/** A prompt that is too long loses its beginning: the answer goes on from its end. */
function lastOf(ids: Int32Array, maxTokens: number): Int32Array {
  return ids.length <= maxTokens ? ids : ids.slice(ids.length - maxTokens);
}
