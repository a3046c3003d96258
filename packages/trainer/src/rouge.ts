/**
 * ROUGE as Google's rouge_score computes it with use_stemmer=False (Lin, 2004): F-measures over lower-case runs of [a-z0-9].
 */
export interface RougeScores {
  rouge1: number;
  rouge2: number;
  rougeL: number;
}

export function rouge(prediction: string, reference: string): RougeScores {
  const ids = new Map<string, number>();
  const predicted = tokenIds(prediction, ids);
  const expected = tokenIds(reference, ids);
  return {
    rouge1: overlapF(predicted, expected),
    rouge2: overlapF(bigrams(predicted, ids.size), bigrams(expected, ids.size)),
    rougeL: fMeasure(longestCommonSubsequence(predicted, expected), predicted.length, expected.length),
  };
}

/** The plain mean of each score over the pairs; zeros if there are none. */
export function meanRouge(pairs: Iterable<{ prediction: string; reference: string }>): RougeScores {
  const sum: RougeScores = { rouge1: 0, rouge2: 0, rougeL: 0 };
  let count = 0;
  for (const { prediction, reference } of pairs) {
    const { rouge1, rouge2, rougeL } = rouge(prediction, reference);
    sum.rouge1 += rouge1;
    sum.rouge2 += rouge2;
    sum.rougeL += rougeL;
    count += 1;
  }
  const divisor = Math.max(count, 1);
  return { rouge1: sum.rouge1 / divisor, rouge2: sum.rouge2 / divisor, rougeL: sum.rougeL / divisor };
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
