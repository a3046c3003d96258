import type { TimeSlice } from './time-slice.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Some milliseconds of tokenising. */
const PIECE_CHARACTERS = 16_384;

/**
 * The number of tokens of a text. A very long one is counted in pieces that begin at a space, with rests between; a text
 * without spaces is cut anyway, which may count a token more at each cut.
 */
export async function countTokens(tokenizer: Pick<Tokenizer, 'encode'>, text: string, slice: TimeSlice): Promise<number> {
  if (text.length <= PIECE_CHARACTERS) return tokenizer.encode(text).length;
  const specials = tokenizer.encode('').length;
  let tokens = specials;
  let start = 0;
  while (start < text.length) {
    const space = text.lastIndexOf(' ', start + PIECE_CHARACTERS);
    const cut = space > start ? space : start + PIECE_CHARACTERS;
    const end = start + PIECE_CHARACTERS >= text.length ? text.length : cut;
    tokens += tokenizer.encode(text.slice(start, end)).length - specials;
    start = end;
    if (slice.isOver()) await slice.rest();
  }
  return tokens;
}
