import { unionLcsHits } from './union-lcs.ts';

/**
 * ROUGE as Google's rouge_score computes it with use_stemmer=False (Lin, 2004): F-measures over lower-case runs of [a-z0-9].
 */
export interface RougeScores {
  rouge1: number;
  rouge2: number;
  rougeL: number;
  /** Of texts whose sentences stand on lines of their own; equal to ROUGE-L where both are of one line. */
  rougeLsum: number;
}

const METRICS = ['rouge1', 'rouge2', 'rougeL', 'rougeLsum'] as const;

export function rouge(prediction: string, reference: string): RougeScores {
  const ids = new Map<string, number>();
  const predicted = tokenIds(prediction, ids);
  const expected = tokenIds(reference, ids);
  return {
    rouge1: overlapF(predicted, expected),
    rouge2: overlapF(bigrams(predicted, ids.size), bigrams(expected, ids.size)),
    rougeL: fMeasure(longestCommonSubsequence(predicted, expected), predicted.length, expected.length),
    rougeLsum: fMeasure(unionLcsHits(sentences(prediction, ids), sentences(reference, ids)), predicted.length, expected.length),
  };
}

/** The plain mean of each score over the pairs; zeros if there are none. */
export function meanRouge(pairs: Iterable<{ prediction: string; reference: string }>): RougeScores {
  const all = [...pairs].map(({ prediction, reference }) => rouge(prediction, reference));
  const mean = (metric: keyof RougeScores) => all.reduce((sum, scores) => sum + scores[metric], 0) / Math.max(all.length, 1);
  return Object.fromEntries(METRICS.map((metric) => [metric, mean(metric)])) as unknown as RougeScores;
}

/** A line is a sentence; no token spans two of them. */
function sentences(text: string, ids: Map<string, number>): number[][] {
  return text.split('\n').map((line) => tokenIds(line, ids));
}

function tokenIds(text: string, ids: Map<string, number>): number[] {
  const words = text.toLowerCase().split(/[^a-z0-9]+/);
  return words
    .filter((word) => word !== '')
    .map((word) => {
      const id = ids.get(word) ?? ids.size;
      ids.set(word, id);
      return id;
    });
}

/** Each pair of neighbours as one number, unique below `vocabulary` distinct tokens. */
function bigrams(tokens: readonly number[], vocabulary: number): number[] {
  return tokens.slice(1).map((token, i) => (tokens[i] as number) * vocabulary + token);
}

function overlapF(predicted: readonly number[], expected: readonly number[]): number {
  const remaining = new Map<number, number>();
  for (const gram of expected) remaining.set(gram, (remaining.get(gram) ?? 0) + 1);
  let matches = 0;
  for (const gram of predicted) {
    const left = remaining.get(gram) ?? 0;
    if (left === 0) continue;
    remaining.set(gram, left - 1);
    matches += 1;
  }
  return fMeasure(matches, predicted.length, expected.length);
}

function fMeasure(matches: number, predictedLength: number, expectedLength: number): number {
  const precision = matches / Math.max(predictedLength, 1);
  const recall = matches / Math.max(expectedLength, 1);
  return precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
}

/** One row of the table is kept; `diagonal` is the cell up and to the left. */
function longestCommonSubsequence(a: readonly number[], b: readonly number[]): number {
  const row = new Uint32Array(b.length + 1);
  for (const token of a) {
    let diagonal = 0;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] as number;
      row[j] = token === b[j - 1] ? diagonal + 1 : Math.max(above, row[j - 1] as number);
      diagonal = above;
    }
  }
  return row[b.length] as number;
}
