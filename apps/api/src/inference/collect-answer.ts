import { type GenerateChunk, UnavailableError, type Usage } from '@capstan/core';

export interface Answer {
  text: string;
  finishReason: 'stop' | 'length';
  usage: Usage;
  tokensPerSecond: number;
}

/** The whole answer, once it is there. */
export async function collectAnswer(chunks: AsyncIterable<GenerateChunk>): Promise<Answer> {
  let text = '';
  for await (const chunk of chunks) {
    if (chunk.type === 'token') text += chunk.text;
    else return { text, finishReason: chunk.finishReason, usage: usageOf(chunk), tokensPerSecond: chunk.tokensPerSecond };
  }
  throw endedEarly();
}

export function usageOf({ promptTokens, completionTokens }: Extract<GenerateChunk, { type: 'done' }>): Usage {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens };
}

export function endedEarly(): UnavailableError {
  return new UnavailableError('The model stopped answering before its answer was whole; the request can be repeated.');
}
