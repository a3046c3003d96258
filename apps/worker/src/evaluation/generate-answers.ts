import type { Clock, JobSpec } from '@capstan/core';
import type { Tokenizer } from '@capstan/datasets';
import { type Adapter, generateBatch, type Model } from '@capstan/trainer';

/** A classifier answers with the name of a class. */
export function answerText(ids: Int32Array, { model, adapter, tokenizer }: Pick<AnswerOptions, 'model' | 'adapter' | 'tokenizer'>): string {
  const labels = adapter?.labels ?? model.config.labels;
  return labels === undefined ? tokenizer.decode(ids) : (labels[ids[0] ?? -1] ?? '');
}

/** Rows generated together, and between two looks at the signal. */
const ROWS_PER_SLICE = 32;

export interface Answers {
  texts: string[];
  /** Null where nothing was generated. */
  tokensPerSecond: number | null;
}

export interface AnswerOptions {
  model: Model;
  adapter: Adapter | undefined;
  tokenizer: Tokenizer;
  maxTokens: number;
  /** Greedily where it is absent. */
  decoding: JobSpec['generation'];
  clock: Clock;
  signal: AbortSignal;
}

/** The answer to every question. Rejects with the signal's reason between two tokens. */
export async function generateAnswers(questions: readonly Int32Array[], options: AnswerOptions): Promise<Answers> {
  const { model, adapter, tokenizer, maxTokens, decoding, clock, signal } = options;
  const startedAt = clock.now().getTime();
  const texts: string[] = [];
  let tokens = 0;
  for (let start = 0; start < questions.length; start += ROWS_PER_SLICE) {
    signal.throwIfAborted();
    const answers = await generateBatch(model, adapter, questions.slice(start, start + ROWS_PER_SLICE), { ...decoding, maxTokens, signal });
    tokens += answers.reduce((sum, { length }) => sum + length, 0);
    texts.push(...answers.map((ids) => answerText(ids, { model, adapter, tokenizer })));
  }
  const elapsedMs = clock.now().getTime() - startedAt;
  return { texts, tokensPerSecond: tokens > 0 && elapsedMs > 0 ? (tokens / elapsedMs) * 1000 : null };
}
