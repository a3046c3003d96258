import { ModelError } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { buildSafetensors, parseSafetensors, readSafetensorsMetadata, type SafetensorsEntry, toFloat32 } from './safetensors.ts';

function fileOf(header: unknown, dataBytes: number, declared?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, declared ?? BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

function tensor(dtype: SafetensorsEntry['dtype'], data: Uint8Array): SafetensorsEntry {
  return { dtype, shape: [data.length], data };
}

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

describe('parseSafetensors', () => {
  it('reads tensors as views of the file', () => {
    const file = fileOf({ a: f32(0, 8), b: { dtype: 'U8', shape: [], data_offsets: [8, 9] } }, 9);
    const entries = parseSafetensors(file);
    expect([...entries.keys()]).toEqual(['a', 'b']);
    expect(entries.get('a')?.data.buffer).toBe(file.buffer);
    expect(entries.get('b')).toMatchObject({ dtype: 'U8', shape: [] });
    expect(entries.get('b')?.data.length).toBe(1);
  });

  it('accepts a file without tensors and a tensor without elements', () => {
    expect(parseSafetensors(fileOf({}, 0)).size).toBe(0);
    expect(parseSafetensors(fileOf({ empty: f32(0, 0, [0, 3]) }, 0)).get('empty')?.data.length).toBe(0);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /0 bytes; even its header length needs 8/],
    ['a header length that is absurd', fileOf({}, 0, 2n ** 63n), /claims 9223372036854775808 bytes.*is this a safetensors file/],
    ['a header longer than the file', fileOf({}, 0, 3n), /claims 3 bytes, but only 2 follow; the file is cut short/],
    ['a header that is not JSON', fileOf('{"a":', 0), /not JSON/],
    ['a header that is not UTF-8', Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff), /not JSON/],
    ['a header that is a list', fileOf('[]', 0), /not a JSON object/],
    ['a tensor that is not described', fileOf({ a: 1 }, 0), /"a" is not described by an object/],
    ['an unknown dtype', fileOf({ a: { ...f32(0, 4), dtype: 'Q4' } }, 4), /"a" has the unknown dtype "Q4"/],
    ['a dtype from the prototype', fileOf({ a: { ...f32(0, 4), dtype: 'toString' } }, 4), /unknown dtype/],
    ['a negative size', fileOf({ a: f32(0, 4, [-1]) }, 4), /shape \[-1\]/],
    ['no offsets', fileOf({ a: { dtype: 'F32', shape: [1] } }, 4), /data_offsets undefined/],
    ['offsets in the wrong order', fileOf({ a: f32(8, 4, [1]) }, 8), /data_offsets \[8,4\]/],
    ['offsets outside the data', fileOf({ a: f32(0, 8) }, 4), /outside the 4 bytes of data/],
    ['a size that is not shape times dtype', fileOf({ a: f32(0, 8, [3]) }, 8), /F32 \[3\]\) needs 12 bytes, but has 8/],
    ['overlapping tensors', fileOf({ a: f32(0, 8), b: f32(4, 12) }, 12), /"b" overlaps another at byte 4/],
    ['a gap between tensors', fileOf({ a: f32(0, 4), b: f32(8, 12) }, 12), /no tensor covers the data from byte 4 to 8/],
    ['bytes after the last tensor', fileOf({ a: f32(0, 4) }, 7), /3 bytes follow the last tensor/],
  ])('%s is refused with the reason', (_name, file, reason) => {
    expect(() => parseSafetensors(file)).toThrow(ModelError);
    expect(() => parseSafetensors(file)).toThrow(reason);
  });

  it('metadata is strings or refused', () => {
    expect(readSafetensorsMetadata(fileOf({ __metadata__: { format: 'pt' } }, 0))).toEqual({ format: 'pt' });
    expect(readSafetensorsMetadata(fileOf({}, 0))).toEqual({});
    expect(() => readSafetensorsMetadata(fileOf({ __metadata__: { format: 1 } }, 0))).toThrow(ModelError);
  });
});

describe('toFloat32', () => {
  it('widens every half-precision number as the format defines it', () => {
    const halves = Uint16Array.from({ length: 0x10000 }, (_, half) => half);
    const numbers = toFloat32(tensor('F16', new Uint8Array(halves.buffer)));
    const expected = Array.from(halves, (half) => {
      const [sign, exponent, mantissa] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
      if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
      return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
    });
    expect(numbers.every((number, half) => Object.is(number, expected[half]))).toBe(true);
  });

  it('reads bfloat16 as the upper half of a float', () => {
    expect([...toFloat32(tensor('BF16', Uint8Array.of(0x80, 0x3f, 0x49, 0xc0, 0x00, 0x80)))]).toEqual([1, -3.140625, -0]);
  });

  it('reads F32 at an odd offset, and shares memory when aligned', () => {
    const bytes = new Uint8Array(Float32Array.of(1.5, -2.25).buffer);
    const shifted = new Uint8Array(9);
    shifted.set(bytes, 1);
    expect([...toFloat32(tensor('F32', shifted.subarray(1)))]).toEqual([1.5, -2.25]);
    expect(toFloat32(tensor('F32', bytes)).buffer).toBe(bytes.buffer);
  });

  it('refuses integers', () => {
    expect(() => toFloat32(tensor('I64', new Uint8Array(8)))).toThrow(/dtype I64 cannot be read as 32-bit floats/);
  });
});

describe('buildSafetensors', () => {
  const weights = { dtype: 'F32', shape: [2, 1], data: Float32Array.of(0.5, -1) } as const;
  const state = { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) } as const;
  const position = { dtype: 'I64', shape: [1], data: new Uint8Array(BigInt64Array.of(-7n).buffer) } as const;

  it('writes what the parser reads back, metadata included', () => {
    const file = buildSafetensors(new Map(Object.entries({ weights, state, position })), { format: 'pt', b: '2' });
    const entries = parseSafetensors(file);
    expect([...toFloat32(entries.get('weights') as SafetensorsEntry)]).toEqual([0.5, -1]);
    expect(entries.get('state')).toEqual({ dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) });
    expect(entries.get('position')?.data).toEqual(position.data);
    expect(readSafetensorsMetadata(file)).toEqual({ b: '2', format: 'pt' });
  });

  it('gives the same bytes whatever the order of entries, data aligned to 8', () => {
    const file = buildSafetensors(new Map(Object.entries({ state, weights, position })), { a: '1', b: '2' });
    expect(file).toEqual(buildSafetensors(new Map(Object.entries({ position, weights, state })), { b: '2', a: '1' }));
    expect(new DataView(file.buffer).getBigUint64(0, true) % 8n).toBe(0n);
    expect([...parseSafetensors(file).keys()]).toEqual(['position', 'weights', 'state']);
  });

  it('a tensor that does not fill its shape is refused', () => {
    expect(() => buildSafetensors(new Map([['w', { ...weights, shape: [3] }]]))).toThrow(/needs 12 bytes, but has 8/);
  });
});
