import type { DecodingSession } from '../architecture.ts';
import { nextTurn } from '../next-turn.ts';
import type { Decoding } from './options.ts';
import { createPicker } from './pick-tokens.ts';

/** The text of every input of the session, greedily or by sampling, without the token that ends it. */
export async function decodeRows(session: DecodingSession, decoding: Decoding, signal: AbortSignal | undefined): Promise<number[][]> {
  const { maxTokens, stopIds } = decoding;
  const pick = createPicker(decoding, session.beginnings);
  const texts: number[][] = session.beginnings.map(() => []);
  const finished = new Set<number>();
  let tokens: number[] | undefined;
  for (let i = 0; i < maxTokens && finished.size < texts.length; i++) {
    await nextTurn();
    signal?.throwIfAborted();
    tokens = await pick(session.advance(tokens));
    for (const [row, token] of tokens.entries()) {
      if (stopIds.includes(token)) finished.add(row);
      if (!finished.has(row)) texts[row]?.push(token);
    }
  }
  return texts;
}
