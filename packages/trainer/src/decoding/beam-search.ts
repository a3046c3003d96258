/** One text that a search goes on with, or has ended. */
export interface Beam {
  tokens: readonly number[];
  /** Sum of log-probabilities; of an ended one, over its length to the power of the length penalty. */
  score: number;
}

/** The search for the likeliest answer to one input. */
export interface BeamSearch {
  /** The best first. */
  running: Beam[];
  /** At most as many as there are beams, the best first. */
  ended: Beam[];
  /** False once no running beam can win any more, and from then on. */
  canImprove: boolean;
  isDone: boolean;
}

export interface BeamSettings {
  numBeams: number;
  lengthPenalty: number;
  earlyStopping: boolean | 'never';
  maxTokens: number;
  stopIds: readonly number[];
}

export function startBeamSearch(): BeamSearch {
  return { running: [{ tokens: [], score: 0 }], ended: [], canImprove: true, isDone: false };
}

/**
 * One token further, by the log-probabilities of every running beam's next token: the new state, and the place of each new running beam's
 * parent among the old ones. Which beams run on, end and win is what transformers' generate decides, tie for tie: only an end among the
 * `numBeams` best continuations counts, and twice as many are looked at, so that enough run on.
 */
export function advanceBeams(
  search: BeamSearch,
  scoresOf: readonly Float32Array[],
  settings: BeamSettings,
): { search: BeamSearch; parents: number[] } {
  const { numBeams, maxTokens, stopIds, earlyStopping } = settings;
  const length = (search.running[0]?.tokens.length ?? 0) + 1; // of the texts with the new token, the one that ends them included
  const candidates = bestContinuations(search.running, scoresOf, Math.max(2, 1 + stopIds.length) * numBeams);
  const ends = ({ token }: Continuation) => length === maxTokens || stopIds.includes(token);
  const isFull = search.ended.length === numBeams;
  const mayEnd = search.canImprove && !(isFull && earlyStopping === true);
  const newlyEnded = mayEnd ? candidates.slice(0, numBeams).filter(ends) : [];
  const ended = [...search.ended, ...newlyEnded.map((end) => endBeam(end, length, settings))]
    .sort((a, b) => b.score - a.score)
    .slice(0, numBeams);
  const goingOn = candidates.filter((candidate) => !ends(candidate)).slice(0, numBeams);
  const running = goingOn.map(({ beam, token, score }) => ({ tokens: [...beam.tokens, token], score }));
  const canImprove = search.canImprove && couldWin(running[0], ended, length, settings);
  const isDone = !canImprove || running.length === 0 || (earlyStopping === true && ended.length === numBeams);
  return { search: { running, ended, canImprove, isDone }, parents: goingOn.map(({ parent }) => parent) };
}

interface Continuation {
  parent: number;
  beam: Beam;
  token: number;
  score: number;
}

/** The `count` best, in order; of equal ones the earlier. */
function bestContinuations(beams: readonly Beam[], scoresOf: readonly Float32Array[], count: number): Continuation[] {
  const best: Continuation[] = [];
  let least = Number.NEGATIVE_INFINITY; // what a continuation must beat
  for (const [parent, beam] of beams.entries()) {
    const scores = scoresOf[parent] as Float32Array;
    for (let token = 0; token < scores.length; token++) {
      const score = beam.score + (scores[token] as number);
      if (score <= least) continue;
      const place = best.findIndex((other) => other.score < score);
      best.splice(place === -1 ? best.length : place, 0, { parent, beam, token, score });
      if (best.length > count) best.pop();
      if (best.length === count) least = (best[count - 1] as Continuation).score;
    }
  }
  return best;
}

function endBeam({ beam, token, score }: Continuation, length: number, { lengthPenalty, stopIds }: BeamSettings): Beam {
  const tokens = stopIds.includes(token) ? beam.tokens : [...beam.tokens, token];
  return { tokens, score: score / length ** lengthPenalty };
}

/** Whether the best running beam, at its best, would beat the worst of the ended ones; `never` lets it grow to the full length first. */
function couldWin(best: Beam | undefined, ended: readonly Beam[], length: number, settings: BeamSettings): boolean {
  if (best === undefined) return false;
  if (ended.length < settings.numBeams) return true;
  const { earlyStopping, lengthPenalty, maxTokens } = settings;
  const bestLength = earlyStopping === 'never' && lengthPenalty > 0 ? maxTokens : length;
  return best.score / bestLength ** lengthPenalty > (ended.at(-1) as Beam).score;
}
