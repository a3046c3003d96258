/** Long enough to be steady, short enough to show a slow-down at once. */
const WINDOW_MS = 30_000;

export interface Throughput {
  /** Counts the tokens of a step that ended `at`; answers the rate over the window, in tokens per second. */
  add(tokens: number, at: Date): number;
}

/** Tokens per second over a sliding window of 30 s, or of the last step where a step takes longer. */
export function createThroughput(startedAt: Date): Throughput {
  /** Ends of steps; the first only marks the beginning of the window, its tokens were before. */
  const marks = [{ at: startedAt.getTime(), tokens: 0 }];
  let sum = 0;
  return {
    add(tokens, at) {
      marks.push({ at: at.getTime(), tokens });
      sum += tokens;
      while (marks.length > 2 && (marks[1]?.at ?? 0) <= at.getTime() - WINDOW_MS) {
        marks.shift();
        sum -= marks[0]?.tokens ?? 0;
      }
      const elapsedMs = at.getTime() - (marks[0]?.at ?? 0);
      return elapsedMs > 0 ? (sum / elapsedMs) * 1000 : 0;
    },
  };
}
