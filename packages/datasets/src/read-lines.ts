/** One line of a file, without its line end. */
export interface Line {
  /** From 1. */
  number: number;
  bytes: Uint8Array;
  /** The line was longer than the limit; `bytes` is empty and the rest of it was not kept. */
  tooLong: boolean;
}

/** Longer lines are no training example; the bound keeps memory small whatever is uploaded. */
export const MAX_LINE_BYTES = 1 << 20;
const LINE_FEED = 0x0a;

/** Splits a byte stream at line feeds, holding at most one line and one chunk at a time. */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let length = 0;
  const keep = (part: Uint8Array): void => {
    length += part.length;
    if (length > MAX_LINE_BYTES) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const finish = (): Line => {
    const [only] = parts;
    const line = { number, bytes: parts.length === 1 && only ? only : Buffer.concat(parts), tooLong: length > MAX_LINE_BYTES };
    number += 1;
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      keep(chunk.subarray(start, end));
      yield finish();
      start = end + 1;
    }
    // A copy: the source may use its buffer again for the next chunk.
    keep(chunk.slice(start));
  }
  if (length > 0) yield finish();
}
