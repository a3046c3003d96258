import { type ChatMessage, isTrained } from '@capstan/core';
import type { RenderChat } from './chat-template.ts';
import type { Tokenizer } from './tokenizer.ts';

interface Model {
  tokenizer: Tokenizer;
  chat: RenderChat;
  eosIds: readonly number[];
}

/**
 * 1 for each token of a rendered conversation that the model itself would have written in an answer of weight 1, the end of its turn
 * included; 0 for all others. An answer begins where the conversation before it, rendered with the request to answer, ends. One that the
 * template renders otherwise once more follows, so that neither its beginning nor its text is found again, is only read.
 */
export function trainedTokens(
  messages: readonly ChatMessage[],
  { text, ids }: { text: string; ids: Int32Array },
  { tokenizer, chat, eosIds }: Model,
): Uint8Array {
  const weights = new Uint8Array(ids.length);
  const tokensUpTo = (end: number) => commonLength(ids, tokenizer.encodeBare(text.slice(0, end)));
  for (const [index, message] of messages.entries()) {
    const span = index > 0 && isTrained(message) ? findAnswer(messages, index, { text, chat }) : null;
    if (span === null) continue;
    const [begin, end] = [tokensUpTo(span.begin), tokensUpTo(span.end)];
    // The token that ends the turn may stand inside the span, with what the template writes after it, or right behind it.
    const stop = ids.subarray(begin, end + 1).findIndex((id) => eosIds.includes(id));
    weights.fill(1, begin, stop === -1 ? end : begin + stop + 1);
  }
  return weights;
}

/** Where the text of a message stands in the conversation, or null. */
function findAnswer(
  messages: readonly ChatMessage[],
  index: number,
  { text, chat }: { text: string; chat: RenderChat },
): { begin: number; end: number } | null {
  const prompt = chat(messages.slice(0, index), { asks: true });
  if (!text.startsWith(prompt)) return null;
  const begin = prompt.length;
  const turn = chat(messages.slice(0, index + 1), { asks: false });
  if (turn.startsWith(prompt) && text.startsWith(turn)) return { begin, end: turn.length };
  const content = messages[index]?.content.trim() ?? '';
  return text.startsWith(content, begin) ? { begin, end: begin + content.length } : null;
}

function commonLength(a: Int32Array, b: Int32Array): number {
  const differs = a.findIndex((id, i) => id !== b[i]);
  return differs === -1 ? a.length : differs;
}
