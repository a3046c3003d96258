import { logSoftmax, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { DecodingSession } from '../architecture.ts';
import { takeValues } from '../host-tensor.ts';
import { nextTurn } from '../next-turn.ts';
import { advanceBeams, type BeamSearch, startBeamSearch } from './beam-search.ts';
import type { Decoding } from './options.ts';
import { penalizeRepetition } from './penalize-repetition.ts';

/** The likeliest text of every input of the session, as beam search finds it, without the token that ends it. */
export async function decodeBeams(session: DecodingSession, decoding: Decoding, signal: AbortSignal | undefined): Promise<number[][]> {
  const searches = session.beginnings.map((beginning) => ({ beginning, search: startBeamSearch() }));
  let open = searches;
  let tokens: number[] | undefined;
  while (open.length > 0) {
    await nextTurn();
    signal?.throwIfAborted();
    const scores = await takeScores(session.advance(tokens));
    const rows: number[] = []; // of the session, for every beam that runs on
    tokens = [];
    let row = 0;
    for (const one of open) {
      const running = one.search.running.length;
      const own = scores.slice(row, row + running);
      penalizeAll(own, one, decoding.repetitionPenalty);
      const { search, parents } = advanceBeams(one.search, own, decoding);
      one.search = search;
      if (!search.isDone) {
        rows.push(...parents.map((parent) => row + parent));
        tokens.push(...search.running.map((beam) => beam.tokens.at(-1) as number));
      }
      row += running;
    }
    open = open.filter(({ search }) => !search.isDone);
    if (open.length > 0) session.select(rows);
  }
  return searches.map(({ search }) => [...(search.ended[0]?.tokens ?? [])]);
}

function penalizeAll(scores: Float32Array[], { beginning, search }: { beginning: Int32Array; search: BeamSearch }, penalty: number): void {
  if (penalty === 1) return;
  for (const [i, { tokens }] of search.running.entries()) {
    penalizeRepetition(scores[i] as Float32Array, [...beginning, ...tokens], penalty);
  }
}

/** Log-probabilities, row by row; the logits are freed. */
async function takeScores(logits: Tensor2D): Promise<Float32Array[]> {
  const [rows, width] = logits.shape;
  const scores = tidy(() => logSoftmax(logits));
  logits.dispose();
  const values = await takeValues(scores);
  return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
}
