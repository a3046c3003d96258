import { open } from 'node:fs/promises';
import { ModelError } from '@capstan/core';
import { z } from 'zod';

/** The header of a safetensors file: a length in 8 bytes, then JSON that names every tensor. */
const headerSchema = z.record(z.string(), z.looseObject({ shape: z.array(z.number().int().min(0)).optional() }));
const LENGTH_BYTES = 8;
const LONGEST_HEADER_BYTES = 100_000_000;

/** How many numbers the tensors of a safetensors file hold; only its header is read. */
export async function countParameters(path: string): Promise<number> {
  const file = await open(path);
  try {
    const length = Buffer.alloc(LENGTH_BYTES);
    await file.read(length, 0, LENGTH_BYTES, 0);
    const headerBytes = Number(length.readBigUInt64LE());
    if (headerBytes === 0 || headerBytes > LONGEST_HEADER_BYTES) throw new ModelError(`${path} is not a safetensors file.`);
    const header = Buffer.alloc(headerBytes);
    await file.read(header, 0, headerBytes, LENGTH_BYTES);
    const tensors = Object.values(headerSchema.parse(JSON.parse(header.toString('utf8'))));
    return tensors.reduce((sum, { shape }) => sum + (shape?.reduce((product, size) => product * size, 1) ?? 0), 0);
  } finally {
    await file.close();
  }
}
