/**
 * How many tokens the sentences of a prediction share with those of a reference, as ROUGE-Lsum counts them (Lin, 2004, section 3.2): for
 * each reference sentence the union of its longest common subsequences with all predicted ones, and no occurrence of a token twice.
 */
export function unionLcsHits(predicted: readonly number[][], expected: readonly number[][]): number {
  const left = [countTokens(predicted), countTokens(expected)];
  let hits = 0;
  for (const sentence of expected) {
    for (const token of unionWith(sentence, predicted)) {
      if (left.some((counts) => (counts.get(token) ?? 0) === 0)) continue;
      for (const counts of left) counts.set(token, (counts.get(token) ?? 0) - 1);
      hits += 1;
    }
  }
  return hits;
}

function countTokens(sentences: readonly number[][]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const token of sentences.flat()) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** The tokens of `sentence` that lie on its common subsequence with any of the others, in their order. */
function unionWith(sentence: readonly number[], others: readonly number[][]): number[] {
  const shared = new Set(others.flatMap((other) => commonPositions(sentence, other)));
  return sentence.filter((_, position) => shared.has(position));
}

/** Positions in `a` of one longest common subsequence; of several, the one that the reference implementation's walk finds. */
function commonPositions(a: readonly number[], b: readonly number[]): number[] {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width); // [a, b]: the length for the first i and j tokens
  const at = (i: number, j: number) => table[i * width + j] as number;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j < width; j++) {
      table[i * width + j] = a[i - 1] === b[j - 1] ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
    }
  }
  const positions: number[] = [];
  for (let i = a.length, j = b.length; i > 0 && j > 0; ) {
    if (a[i - 1] === b[j - 1]) {
      positions.push(--i);
      j -= 1;
    } else if (at(i, j - 1) > at(i - 1, j)) j -= 1;
    else i -= 1;
  }
  return positions;
}
