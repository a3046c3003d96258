import { ModelError } from '@capstan/core';

/** Bytes of one element; the names are the format's own. */
export const DTYPE_BYTES = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;
export type SafetensorsDtype = keyof typeof DTYPE_BYTES;

export const LENGTH_BYTES = 8;
export const METADATA_KEY = '__metadata__';

/** A tensor's bytes are exactly shape × dtype, or a ModelError says what is wrong. */
export function requireSize(name: string, dtype: SafetensorsDtype, shape: readonly number[], actual: number): void {
  const expected = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
  if (actual === expected) return;
  throw new ModelError(`safetensors: tensor "${name}" (${dtype} [${shape.join(', ')}]) needs ${expected} bytes, but has ${actual}.`);
}
