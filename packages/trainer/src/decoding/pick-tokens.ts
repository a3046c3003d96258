import { argMax, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { takeValues } from '../host-tensor.ts';
import { createRandom } from '../random.ts';
import type { Decoding } from './options.ts';
import { penalizeRepetition } from './penalize-repetition.ts';
import { sampleToken } from './sample-token.ts';

/** The next token of every row, from its logits, [rows, vocabulary], which are freed. */
export type PickTokens = (logits: Tensor2D) => Promise<number[]>;

/** Picks greedily or by sampling. Rows with equal beginnings and logits get equal tokens, alone or among others. */
export function createPicker(decoding: Decoding, beginnings: readonly Int32Array[]): PickTokens {
  const { temperature, repetitionPenalty: penalty, seed } = decoding;
  if (temperature === 0 && penalty === 1) return likeliest;
  const rows = beginnings.map((beginning) => ({ history: [...beginning], random: createRandom(seed, SAMPLING_STREAM) }));
  return async (logits) => {
    const width = logits.shape[1];
    const values = await takeValues(logits);
    return rows.map(({ history, random }, row) => {
      const scores = values.slice(row * width, (row + 1) * width);
      penalizeRepetition(scores, history, penalty);
      const token = temperature === 0 ? indexOfHighest(scores) : sampleToken(scores, decoding, random);
      history.push(token);
      return token;
    });
  };
}

/** Separates this use of a seed from the trainer's other ones. */
const SAMPLING_STREAM = 5;

async function likeliest(logits: Tensor2D): Promise<number[]> {
  const ids = tidy(() => argMax(logits, -1));
  logits.dispose();
  return [...(await takeValues(ids))];
}

function indexOfHighest(scores: Float32Array): number {
  return scores.reduce((best, score, id) => (score > (scores[best] as number) ? id : best), 0);
}
