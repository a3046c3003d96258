/** Makes every token of `history` less likely, once, in place: negative scores are multiplied by the penalty, others divided by it. */
export function penalizeRepetition(scores: Float32Array, history: Iterable<number>, penalty: number): void {
  for (const id of new Set(history)) {
    const score = scores[id];
    if (score !== undefined) scores[id] = score < 0 ? score * penalty : score / penalty;
  }
}
