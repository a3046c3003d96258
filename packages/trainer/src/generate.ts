import type { DecodingSession } from './architecture.ts';
import { decodeBeams } from './decoding/decode-beams.ts';
import { decodeRows } from './decoding/decode-rows.ts';
import { type Decoding, type GenerateOptions, resolveDecoding } from './decoding/options.ts';
import { createPicker } from './decoding/pick-tokens.ts';
import { groupByLength } from './group-by-length.ts';
import type { Adapter } from './lora.ts';
import { withMerged } from './merge.ts';
import type { Model } from './model.ts';
import type { Network } from './network.ts';
import { nextTurn } from './next-turn.ts';

/**
 * Yields the tokens of one answer as they are made, without the one that stops it; those of a search with beams come at its end. Leaving
 * the loop early frees everything; an aborted signal throws its reason.
 */
export async function* generate(
  model: Model,
  adapter: Adapter | undefined,
  inputIds: Int32Array,
  options: GenerateOptions,
): AsyncGenerator<number, void, undefined> {
  const { signal } = options;
  const decoding = resolveDecoding(model, options);
  const session = startDecoding({ model, adapter }, [inputIds]);
  try {
    if (decoding.numBeams > 1) yield* (await decodeBeams(session, decoding, signal))[0] ?? [];
    else yield* stream(session, decoding, signal);
  } finally {
    session.dispose();
  }
}

async function* stream(session: DecodingSession, decoding: Decoding, signal: AbortSignal | undefined): AsyncGenerator<number> {
  const pick = createPicker(decoding, session.beginnings);
  let token: number | undefined;
  for (let i = 0; i < decoding.maxTokens; i++) {
    await nextTurn();
    signal?.throwIfAborted();
    [token] = (await pick(session.advance(token === undefined ? undefined : [token]))) as [number];
    if (decoding.stopIds.includes(token)) return;
    yield token;
  }
}

/** What is decoded together: enough to keep the matrix products busy, with little padding. */
const TOGETHER = { tokens: 4096, rows: 64 };

/** The answer to every input, in the inputs' order, without what ends it: each what it would be alone. */
export async function generateBatch(
  model: Model,
  adapter: Adapter | undefined,
  inputs: readonly Int32Array[],
  options: GenerateOptions,
): Promise<Int32Array[]> {
  return withMerged(model, adapter, (merged) => answerAll(merged, inputs, options));
}

async function answerAll(model: Model, inputs: readonly Int32Array[], options: GenerateOptions): Promise<Int32Array[]> {
  const decoding = resolveDecoding(model, options);
  const decode = decoding.numBeams > 1 ? decodeBeams : decodeRows;
  const answers: Int32Array[] = [];
  const rows = inputs.map((inputIds, index) => ({ inputIds, index }));
  const limit = { tokens: TOGETHER.tokens, rows: Math.max(1, Math.floor(TOGETHER.rows / decoding.numBeams)) };
  for (const group of groupByLength(rows, limit)) {
    const session = startDecoding(
      { model, adapter: undefined },
      group.map(({ inputIds }) => inputIds),
    );
    try {
      const texts = await decode(session, decoding, options.signal);
      for (const [i, { index }] of group.entries()) answers[index] = Int32Array.from(texts[i] as number[]);
    } finally {
      session.dispose();
    }
  }
  return answers;
}

function startDecoding(network: Network, inputs: readonly Int32Array[]): DecodingSession {
  return network.model.architecture.startDecoding(network, inputs);
}
