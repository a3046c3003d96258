import { argMax, type Tensor2D } from '@tensorflow/tfjs-core';
import type { DecodingSession } from './architecture.ts';
import { groupByLength } from './group-by-length.ts';
import type { Adapter } from './lora.ts';
import { withMerged } from './merge.ts';
import type { Model } from './model.ts';
import type { Network } from './network.ts';
import { nextTurn } from './next-turn.ts';
import { createRandom } from './random.ts';
import { sampleToken } from './sample-token.ts';

export interface GenerateOptions {
  maxTokens: number;
  /** 0: always the likeliest token. */
  temperature: number;
  /** Samples from the fewest tokens whose probabilities reach this sum. */
  topP: number;
  /** Equal seeds give equal samples. */
  seed?: number | undefined;
  /** Tokens that end the text; the model's eos by default. */
  stopIds?: readonly number[] | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Yields the tokens of one answer as they are made, without the one that stops it. Leaving the loop early frees everything; an
 * aborted signal throws its reason.
 */
export async function* generate(
  model: Model,
  adapter: Adapter | undefined,
  inputIds: Int32Array,
  options: GenerateOptions,
): AsyncGenerator<number, void, undefined> {
  const { maxTokens, temperature, topP, seed = 0, stopIds = model.config.eosIds, signal } = options;
  const random = createRandom(seed, SAMPLING_STREAM);
  const session = startDecoding({ model, adapter }, [inputIds]);
  try {
    let token: number | undefined;
    for (let i = 0; i < mostTokens(model, maxTokens); i++) {
      await nextTurn();
      signal?.throwIfAborted();
      token = session.advance(token === undefined ? undefined : [token], (logits) =>
        temperature === 0 ? likeliest(logits) : [sampleToken(logits.dataSync(), { temperature, topP }, random)],
      )[0] as number;
      if (stopIds.includes(token)) return;
      yield token;
    }
  } finally {
    session.dispose();
  }
}

/** Separates this use of a seed from the trainer's other ones. */
const SAMPLING_STREAM = 5;

/** What is decoded together: enough to keep the matrix products busy, with little padding. */
const TOGETHER = { tokens: 4096, rows: 64 };

/** The likeliest answer to every input, in the inputs' order, without its eos. */
export async function generateBatch(
  model: Model,
  adapter: Adapter | undefined,
  inputs: readonly Int32Array[],
  { maxTokens }: { maxTokens: number },
): Promise<Int32Array[]> {
  return withMerged(model, adapter, (merged) => answerAll(merged, inputs, maxTokens));
}

async function answerAll(model: Model, inputs: readonly Int32Array[], maxTokens: number): Promise<Int32Array[]> {
  const answers: Int32Array[] = [];
  const rows = inputs.map((inputIds, index) => ({ inputIds, index }));
  for (const group of groupByLength(rows, TOGETHER)) {
    const texts = await decodeGreedily(
      { model, adapter: undefined },
      group.map(({ inputIds }) => inputIds),
      maxTokens,
    );
    for (const [i, { index }] of group.entries()) answers[index] = Int32Array.from(texts[i] as number[]);
  }
  return answers;
}

async function decodeGreedily(network: Network, inputs: Int32Array[], maxTokens: number): Promise<number[][]> {
  const { eosIds } = network.model.config;
  const session = startDecoding(network, inputs);
  const texts: number[][] = inputs.map(() => []);
  const finished = new Set<number>();
  try {
    let tokens: number[] | undefined;
    for (let i = 0; i < mostTokens(network.model, maxTokens) && finished.size < inputs.length; i++) {
      tokens = session.advance(tokens, likeliest);
      for (const [row, token] of tokens.entries()) {
        if (eosIds.includes(token)) finished.add(row);
        if (!finished.has(row)) texts[row]?.push(token);
      }
      await nextTurn();
    }
  } finally {
    session.dispose();
  }
  return texts;
}

function startDecoding(network: Network, inputs: readonly Int32Array[]): DecodingSession {
  return network.model.architecture.startDecoding(network, inputs);
}

/** A classifier's answer is one id: the class. */
function mostTokens({ architecture }: Model, maxTokens: number): number {
  return architecture.taskType === 'SEQ_CLS' ? 1 : maxTokens;
}

function likeliest(logits: Tensor2D): number[] {
  return [...argMax(logits, -1).dataSync()];
}
