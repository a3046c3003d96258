import { describe, expect, it } from 'vitest';
import { createVectorReader, toPieces } from './vector-pieces.ts';

const piece = (bytes: number, last = false) => ({ data: new Uint8Array(bytes), last });

describe('createVectorReader', () => {
  it('gives every vector of a stream as it was cut, the empty one too', async () => {
    const read = createVectorReader();
    for (const length of [3, 0, 1_000_000, 5]) {
      const vector = Float32Array.from({ length }, (_, index) => index / 3);
      let got: Float32Array | null = null;
      for await (const cut of toPieces(vector)) got = read(cut);
      if (got === null) expect.fail('there was no last piece');
      // Whole buffers: comparing a million numbers one by one takes seconds.
      expect(Buffer.from(got.buffer).equals(Buffer.from(vector.buffer))).toBe(true);
    }
  });

  it('puts together pieces that are cut in the middle of a number', () => {
    const read = createVectorReader();
    const bytes = Buffer.from(Float32Array.of(1.5, -2.25).buffer);
    for (let at = 0; at < 7; at += 1) expect(read({ data: bytes.subarray(at, at + 1), last: false })).toBeNull();
    expect(read({ data: bytes.subarray(7), last: true })).toEqual(Float32Array.of(1.5, -2.25));
  });

  it('refuses a vector without end by name, however its pieces are cut', () => {
    for (const size of [1, 10, 64]) {
      const read = createVectorReader(64);
      const readOn = () => {
        for (let count = 0; count <= 64; count += 1) read(piece(size));
      };
      expect(readOn).toThrow(expect.objectContaining({ code: 'payload_too_large', reason: 'vector_too_large' }));
    }
    expect(createVectorReader(64)(piece(64, true))).toHaveLength(16);
    expect(() => createVectorReader()({ data: { byteLength: 2 ** 30 + 4 } as Uint8Array, last: true })).toThrow('1073741824 bytes');
  });

  it('refuses bytes that are no numbers', () => {
    expect(() => createVectorReader()(piece(7, true))).toThrow('32-bit numbers');
  });
});
