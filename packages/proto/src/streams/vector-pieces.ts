import { AppError, InvalidRequestError } from '@capstan/core';
import { cutIntoChunks } from './chunks.ts';

export interface VectorPiece {
  data: Buffer;
  last: boolean;
}

/** A vector as messages, the last one marked; an empty vector is one empty piece. */
export async function* toPieces(vector: Float32Array): AsyncGenerator<VectorPiece> {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  let left = bytes.byteLength;
  if (left === 0) yield { data: bytes, last: true };
  for await (const piece of cutIntoChunks([bytes])) {
    left -= piece.byteLength;
    yield { data: Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength), last: left === 0 };
  }
}

/** Half of what a wasm backend can hold at all. */
const MAX_VECTOR_BYTES = 1024 * 1024 * 1024;

/**
 * Puts pieces together; gives the vector with its last piece, null before. What it holds is at most twice what has arrived, however
 * small the pieces are, and a vector without end is refused once it passes `maxBytes`.
 */
export function createVectorReader(maxBytes = MAX_VECTOR_BYTES): (piece: { data: Uint8Array; last: boolean }) => Float32Array | null {
  let bytes = new Uint8Array();
  let length = 0;
  return ({ data, last }) => {
    const end = length + data.byteLength;
    if (end > maxBytes)
      throw new AppError('payload_too_large', `A vector of more than ${maxBytes} bytes is not summed.`, { reason: 'vector_too_large' });
    if (end > bytes.byteLength) {
      const larger = new Uint8Array(last ? end : Math.min(maxBytes, 2 * end));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(data, length);
    length = end;
    if (!last) return null;
    if (length % 4 !== 0) throw new InvalidRequestError('A vector is made of 32-bit numbers.');
    const vector = new Float32Array(bytes.buffer.slice(0, length));
    bytes = new Uint8Array();
    length = 0;
    return vector;
  };
}
