import { argMax, type Tensor, type Tensor1D, type Tensor2D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { groupByLength } from './group-by-length.ts';
import type { Adapter } from './lora.ts';
import { withMerged } from './merge.ts';
import type { Model } from './model.ts';
import { nextTurn } from './next-turn.ts';
import { createRandom } from './random.ts';
import { sampleToken } from './sample-token.ts';
import { decode, type LayerCache, logitsOf } from './t5/decoder.ts';
import { encode } from './t5/encoder.ts';
import type { Network } from './t5/network.ts';

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
  const { maxTokens, temperature, topP, seed = 0, stopIds = [model.config.eosId], signal } = options;
  const random = createRandom(seed, SAMPLING_STREAM);
  const session = startDecoding({ model, adapter }, [inputIds]);
  try {
    let token = model.config.decoderStartId;
    for (let i = 0; i < maxTokens; i++) {
      await nextTurn();
      signal?.throwIfAborted();
      token = session.advance([token], (logits) =>
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
  const { eosId, decoderStartId } = network.model.config;
  const session = startDecoding(network, inputs);
  const texts: number[][] = inputs.map(() => []);
  const finished = new Set<number>();
  try {
    let tokens = inputs.map(() => decoderStartId);
    for (let i = 0; i < maxTokens && finished.size < inputs.length; i++) {
      tokens = session.advance(tokens, likeliest);
      for (const [row, token] of tokens.entries()) {
        if (token === eosId) finished.add(row);
        if (!finished.has(row)) texts[row]?.push(token);
      }
      await nextTurn();
    }
  } finally {
    session.dispose();
  }
  return texts;
}

interface DecodingSession {
  /** Feeds one token per row and picks the next ones from their logits, [rows, vocabulary]. */
  advance(tokens: number[], pick: (logits: Tensor2D) => number[]): number[];
  dispose(): void;
}

/** Encodes the inputs and keeps what every later token needs: the keys and values of all layers. */
function startDecoding(network: Network, inputs: readonly Int32Array[]): DecodingSession {
  const length = inputs.reduce((longest, { length }) => Math.max(longest, length), 0);
  const ids = new Int32Array(inputs.length * length).fill(network.model.config.padId);
  for (const [row, input] of inputs.entries()) ids.set(input, row * length);
  const encoded = tidy(() =>
    encode(
      network,
      int32(ids),
      inputs.map((input) => input.length),
    ),
  );
  let caches: LayerCache[] | undefined;
  return {
    advance: (tokens, pick) => {
      const { next, cached } = tidy(() => {
        const decoded = decode(network, int32(Int32Array.from(tokens)), encoded, caches);
        return { next: pick(logitsOf(network, decoded.hidden)), cached: decoded.caches };
      });
      disposeReplaced(caches, cached);
      caches = cached;
      return next;
    },
    dispose: () => {
      encoded.hidden.dispose();
      encoded.mask.dispose();
      for (const { self, cross } of caches ?? []) disposeAll([self.keys, self.values, cross.keys, cross.values]);
    },
  };
}

/** A step makes longer self-attention caches; the cross-attention ones are handed on. */
function disposeReplaced(before: readonly LayerCache[] | undefined, after: readonly LayerCache[]): void {
  for (const [i, { self, cross }] of (before ?? []).entries()) {
    disposeAll([self.keys, self.values]);
    if (after[i]?.cross !== cross) disposeAll([cross.keys, cross.values]);
  }
}

function likeliest(logits: Tensor2D): number[] {
  return [...argMax(logits, -1).dataSync()];
}

function int32(values: Int32Array): Tensor1D {
  return tensor1d(values, 'int32');
}

function disposeAll(tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}
