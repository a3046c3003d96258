/**
 * Unigram segmentation (Kudo, 2018) by Viterbi, word by word: the best path through a text is the best paths through its words
 * joined, as long as no piece crosses the start of a word. Words repeat, so most are found in a cache. Equal to the reference
 * (`encode_optimized` of Hugging Face tokenizers) down to the ties, where the longer first piece wins.
 */
export interface UnigramModel {
  vocab: readonly (readonly [piece: string, score: number])[];
  unknownId: number;
}

const WORD_START = '\u2581';
/** What the reference subtracts from the lowest score for a character that no piece covers. */
const UNKNOWN_PENALTY = 10;
/** ~20 MB at most; a language's common words are far fewer. */
const MAX_CACHED_WORDS = 100_000;
const MAX_CACHED_LENGTH = 40;

/** Returns a function from pre-tokens to pieces; neighbouring characters outside the vocabulary form one piece. */
export function createUnigram({ vocab, unknownId }: UnigramModel): (preTokens: readonly string[]) => string[] {
  const lexicon: Lexicon = {
    scoreOf: new Map(vocab),
    unknownPiece: vocab[unknownId]?.[0],
    unknownScore: vocab.reduce((lowest, [, score]) => Math.min(lowest, score), Number.POSITIVE_INFINITY) - UNKNOWN_PENALTY,
    longestPiece: vocab.reduce((longest, [piece]) => Math.max(longest, piece.length), 0),
  };
  const wordwise = vocab.every(([piece]) => piece.lastIndexOf(WORD_START) <= 0);
  const cache = new Map<string, string[]>();

  const segmentCached = (word: string): string[] => {
    const known = cache.get(word);
    if (known !== undefined) return known;
    const segmented = segment(word, lexicon);
    if (word.length > MAX_CACHED_LENGTH) return segmented;
    if (cache.size >= MAX_CACHED_WORDS) cache.clear();
    cache.set(word, segmented);
    return segmented;
  };

  return (preTokens) => {
    const result: string[] = [];
    for (const preToken of preTokens) {
      for (const word of wordwise ? splitWords(preToken) : [preToken]) {
        for (const piece of segmentCached(word)) result.push(piece);
      }
    }
    return result;
  };
}

function* splitWords(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const next = text.indexOf(WORD_START, start + 1);
    const end = next === -1 ? text.length : next;
    yield text.slice(start, end);
    start = end;
  }
}

interface Lexicon {
  scoreOf: ReadonlyMap<string, number>;
  unknownPiece: string | undefined;
  unknownScore: number;
  longestPiece: number;
}

/** `best[end]` is the score of the best path that ends there, `from[end]` where its last piece starts. */
function segment(word: string, lexicon: Lexicon): string[] {
  const best = new Float64Array(word.length + 1).fill(Number.NEGATIVE_INFINITY);
  const from = new Int32Array(word.length + 1);
  best[0] = 0;
  let start = 0;
  while (start < word.length) {
    const charEnd = start + ((word.codePointAt(start) as number) > 0xffff ? 2 : 1);
    extendPaths(word, { start, charEnd }, { best, from }, lexicon);
    start = charEnd;
  }
  return readBack(word, from, lexicon);
}

function extendPaths(
  word: string,
  { start, charEnd }: { start: number; charEnd: number },
  { best, from }: { best: Float64Array; from: Int32Array },
  { scoreOf, unknownScore, longestPiece }: Lexicon,
): void {
  const reached = best[start] as number;
  const relax = (end: number, score: number): void => {
    if (reached + score <= (best[end] as number)) return;
    best[end] = reached + score;
    from[end] = start;
  };
  const furthest = Math.min(start + longestPiece, word.length);
  for (let end = start + 1; end <= furthest; end++) {
    const score = scoreOf.get(word.slice(start, end));
    if (score !== undefined) relax(end, score);
    if (end === charEnd && score === undefined) relax(end, unknownScore);
  }
}

function readBack(word: string, from: Int32Array, { scoreOf, unknownPiece }: Lexicon): string[] {
  const pieces: string[] = [];
  let unknownEnd = 0;
  for (let end = word.length; end > 0; end = from[end] as number) {
    const piece = word.slice(from[end], end);
    const known = piece !== unknownPiece && scoreOf.has(piece);
    if (known && unknownEnd > 0) pieces.push(word.slice(end, unknownEnd));
    if (known) pieces.push(piece);
    unknownEnd = known ? 0 : Math.max(unknownEnd, end);
  }
  if (unknownEnd > 0) pieces.push(word.slice(0, unknownEnd));
  return pieces.reverse();
}
