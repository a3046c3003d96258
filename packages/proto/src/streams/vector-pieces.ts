import { InvalidRequestError } from '@capstan/core';
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

/** Puts pieces together; gives the vector with its last piece, null before. */
export function createVectorReader(): (piece: { data: Uint8Array; last: boolean }) => Float32Array | null {
  let parts: Uint8Array[] = [];
  return ({ data, last }) => {
    parts.push(data);
    if (!last) return null;
    const bytes = Buffer.concat(parts);
    parts = [];
    if (bytes.byteLength % 4 !== 0) throw new InvalidRequestError('A vector is made of 32-bit numbers.');
    // A copy: pooled buffers need not start at a multiple of four.
    return new Float32Array(new Uint8Array(bytes).buffer);
  };
}
