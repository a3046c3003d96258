import { type ChatMessage, type DatasetRow, isTrained, joinMessages } from '@capstan/core';
import type { RenderChat } from './chat-template.ts';
import type { ExampleEncoder } from './example-encoder.ts';
import { type TokenizedExample, type TokenizeLimits, truncate } from './tokenize-dataset.ts';
import type { Tokenizer } from './tokenizer.ts';
import { trainedTokens } from './trained-tokens.ts';

interface Prompt {
  text: string;
  ids: Int32Array;
}

/**
 * Prompt and answer are one text, and the loss falls on the answer: in a conversation that the model's chat template writes, on those of
 * all assistant messages but the ones of weight 0. Without a template a conversation is joined as for other models and its last answer is
 * learnt; a prompt with its completion is then taken as it is.
 */
export function createCausalEncoder(
  tokenizer: Tokenizer,
  { chat, eosIds }: { chat: RenderChat | null; eosIds: readonly number[] },
): ExampleEncoder {
  const eosId = eosIds[0] ?? tokenizer.eosId;

  function plainPrompt(text: string): Prompt {
    const ids = tokenizer.encode(text);
    return { text, ids: ids.at(-1) === eosId ? ids.slice(0, -1) : ids };
  }

  function asking(messages: readonly ChatMessage[]): Prompt {
    if (chat === null) return plainPrompt(`${joinMessages(messages)}\n`);
    const text = chat(messages, { asks: true });
    return { text, ids: tokenizer.encodeBare(text) };
  }

  function questionOf({ format, messages }: DatasetRow): { before: ChatMessage[]; answer: ChatMessage; prompt: Prompt } {
    const at = messages.findLastIndex(isTrained);
    const before = messages.slice(0, Math.max(at, 0));
    const isPlain = format === 'prompt-completion' && chat === null;
    return { before, answer: messages[at] as ChatMessage, prompt: isPlain ? plainPrompt(joinMessages(before)) : asking(before) };
  }

  function answering(messages: readonly ChatMessage[], answer: ChatMessage, { text: prompt }: Prompt): Int32Array {
    const whole = chat?.([...messages, answer], { asks: false });
    const ids = tokenizer.encodeBare(whole?.startsWith(prompt) ? whole.slice(prompt.length) : answer.content);
    const end = ids.findIndex((id) => eosIds.includes(id));
    return end === -1 ? Int32Array.from([...ids, eosId]) : ids.slice(0, end + 1);
  }

  return {
    encodeRow: (row, limits) => {
      const { before, answer, prompt } = questionOf(row);
      const labels = truncate(answering(before, answer, prompt), limits.maxTargetTokens);
      if (row.rejected) {
        const rejectedLabels = truncate(answering(before, row.rejected, prompt), limits.maxTargetTokens);
        return { inputIds: lastOf(prompt.ids, limits.maxSourceTokens), labels, rejectedLabels };
      }
      const weights = chat && trainedTokens(before, prompt, { tokenizer, chat, eosIds });
      return joinAnswers({ ids: prompt.ids, weights }, labels, limits);
    },
    encodeQuestion: (row, { maxSourceTokens }) => lastOf(questionOf(row).prompt.ids, maxSourceTokens),
    encodePrompt: (input) => ('prompt' in input ? plainPrompt(input.prompt).ids : asking(input.messages).ids),
  };
}

/** What is read before the first answer, and from there on all tokens with their weights. */
function joinAnswers(
  prompt: { ids: Int32Array; weights: Uint8Array | null },
  answer: Int32Array,
  { maxSourceTokens }: TokenizeLimits,
): TokenizedExample {
  const ids = lastOf(prompt.ids, maxSourceTokens);
  const weights = prompt.weights && lastOf(prompt.weights, maxSourceTokens);
  const first = weights?.indexOf(1) ?? -1;
  if (weights === null || first === -1) return { inputIds: ids, labels: answer };
  return {
    inputIds: ids.slice(0, first),
    labels: Int32Array.from([...ids.subarray(first), ...answer]),
    labelWeights: Uint8Array.from([...weights.subarray(first), ...new Uint8Array(answer.length).fill(1)]),
  };
}

/** A prompt that is too long loses its beginning: the answer goes on from its end. */
function lastOf<Ids extends Int32Array | Uint8Array>(ids: Ids, maxTokens: number): Ids {
  return ids.length <= maxTokens ? ids : (ids.slice(ids.length - maxTokens) as Ids);
}
