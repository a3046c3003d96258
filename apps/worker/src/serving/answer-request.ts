import { type Clock, type GenerateChunk, type GenerateRequest, InvalidRequestError } from '@capstan/core';
import { createTokenStream, type TokenStream } from '@capstan/datasets';
import { generate } from '@capstan/trainer';
import type { LoadedModel } from './model-store.ts';
import { createStopMatcher } from './stop-matcher.ts';

/** Attention's memory grows with the square of this. */
const MAX_PROMPT_TOKENS = 4_096;

export interface AnswerContext {
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
}

/** The answer as text, as it is made, then how it ended. The signal stops it between two tokens. */
export async function* answerRequest(
  request: GenerateRequest,
  { model, adapter, tokenizer, encoder }: LoadedModel,
  { clock, random, signal }: AnswerContext,
): AsyncGenerator<GenerateChunk, void, undefined> {
  const { input, temperature, topP, stop, decoding } = request;
  const inputIds = encoder.encodePrompt(input);
  const room = roomBehind(inputIds.length, model);
  const maxTokens = Math.min(request.maxTokens, room);
  const seed = request.seed ?? Math.floor(random() * 2 ** 31);
  const labels = adapter?.labels ?? model.config.labels;
  const stream = labels === undefined ? createTokenStream(tokenizer) : createLabelStream(labels);
  const matcher = createStopMatcher(stop);
  const startedAt = clock.now().getTime();
  let completionTokens = 0;
  let stopped = false;
  for await (const id of generate(model, adapter, inputIds, { ...decoding, maxTokens, temperature, topP, seed, signal })) {
    completionTokens += 1;
    const piece = matcher.push(stream.push(id));
    if (piece.text !== '') yield { type: 'token', text: piece.text };
    stopped = piece.stopped;
    if (stopped) break;
  }
  if (!stopped) {
    const piece = matcher.push(stream.flush());
    const rest = piece.stopped ? piece.text : piece.text + matcher.flush();
    if (rest !== '') yield { type: 'token', text: rest };
    stopped = piece.stopped || completionTokens < maxTokens;
  }
  const seconds = (clock.now().getTime() - startedAt) / 1000;
  const tokensPerSecond = seconds > 0 ? completionTokens / seconds : 0;
  yield { type: 'done', finishReason: stopped ? 'stop' : 'length', promptTokens: inputIds.length, completionTokens, tokensPerSecond };
}

/** Tokens that may follow a prompt of this length; throws where it is too long to be read, or leaves no room for an answer. */
function roomBehind(promptTokens: number, { architecture, config }: LoadedModel['model']): number {
  const isCausal = architecture.taskType === 'CAUSAL_LM';
  const most = Math.min(MAX_PROMPT_TOKENS, (config.positions ?? Infinity) - (isCausal ? 1 : 0));
  if (promptTokens > most)
    throw new InvalidRequestError(`The prompt has ${promptTokens} tokens; this model reads at most ${most}. Shorten it.`, {
      reason: 'context_length_exceeded',
    });
  return isCausal && config.positions !== undefined ? config.positions - promptTokens : Infinity;
}

/** A classifier's answer is one id, the class. */
function createLabelStream(labels: readonly string[]): TokenStream {
  return { push: (id) => labels[id] ?? '', flush: () => '' };
}
