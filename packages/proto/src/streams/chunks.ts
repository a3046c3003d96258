/** Bytes of one message of an artifact: large enough to be cheap, small enough to share a connection with heartbeats. */
const CHUNK_BYTES = 256 * 1024;

/** The same bytes in pieces of at most CHUNK_BYTES, without copying. */
export async function* cutIntoChunks(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    for (let start = 0; start < piece.byteLength; start += CHUNK_BYTES) yield piece.subarray(start, start + CHUNK_BYTES);
  }
}
