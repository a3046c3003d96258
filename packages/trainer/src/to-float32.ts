import { ModelError } from '@capstan/core';
import type { SafetensorsEntry } from './safetensors.ts';

/**
 * The numbers of an F32, F16 or BF16 tensor, exactly. An aligned F32 tensor shares its memory with the file: copy it before
 * writing into it.
 */
export function toFloat32(entry: SafetensorsEntry): Float32Array {
  const { dtype, data } = entry;
  switch (dtype) {
    case 'F32': {
      const { buffer, byteOffset } = aligned(data, Float32Array.BYTES_PER_ELEMENT);
      return new Float32Array(buffer, byteOffset, data.length / Float32Array.BYTES_PER_ELEMENT);
    }
    case 'F16':
      return widen(data, halfBits());
    case 'BF16':
      return widen(data, undefined);
    default:
      throw new ModelError(`safetensors: a tensor of dtype ${dtype} cannot be read as 32-bit floats; use F32, F16 or BF16.`);
  }
}

/** Without a table the 16 bits are the upper half of a 32-bit float, which is what bfloat16 is. */
function widen(data: Uint8Array, table: Uint32Array | undefined): Float32Array {
  const { buffer, byteOffset } = aligned(data, Uint16Array.BYTES_PER_ELEMENT);
  const halves = new Uint16Array(buffer, byteOffset, data.length / Uint16Array.BYTES_PER_ELEMENT);
  const numbers = new Float32Array(halves.length);
  const bits = new Uint32Array(numbers.buffer);
  if (table === undefined) {
    for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
  } else {
    for (let i = 0; i < halves.length; i++) bits[i] = table[halves[i] as number] as number;
  }
  return numbers;
}

let cachedHalfBits: Uint32Array | undefined;

/** The 32-bit pattern of each of the 65,536 half-precision numbers: 256 KiB, built once. */
function halfBits(): Uint32Array {
  cachedHalfBits ??= Uint32Array.from({ length: 0x10000 }, (_, half) => halfToFloatBits(half));
  return cachedHalfBits;
}

function halfToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  // A subnormal half is a normal float: move the leading one up to bit 10 and lower the exponent as often.
  const shift = Math.clz32(mantissa) - 21;
  return (sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)) >>> 0;
}

function aligned(data: Uint8Array, elementBytes: number): Uint8Array {
  return data.byteOffset % elementBytes === 0 ? data : data.slice();
}
