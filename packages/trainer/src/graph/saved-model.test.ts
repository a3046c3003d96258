import { describe, expect, it } from 'vitest';
import { createProtoWriter } from './proto-writer.ts';
import { savedModelBytes } from './saved-model.ts';

/** The fields of a message by number, as anyone who knows only the wire format reads them. */
function readFields(bytes: Uint8Array): Map<number, (bigint | Uint8Array)[]> {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const size = (tag & 7) === 5 ? 4 : (tag & 7) === 2 ? Number(varint()) : 0;
    const value = (tag & 7) === 0 ? varint() : bytes.subarray(at, at + size);
    at += size;
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

const message = (fields: Map<number, (bigint | Uint8Array)[]>, field: number) => readFields(fields.get(field)?.[0] as Uint8Array);
const text = (value: bigint | Uint8Array | undefined) => new TextDecoder().decode(value as Uint8Array);

describe('createProtoWriter', () => {
  it('writes the examples of the format’s own documentation', () => {
    expect([...createProtoWriter().varint(1, 150).finish()]).toEqual([0x08, 0x96, 0x01]);
    expect([...createProtoWriter().bytes(2, 'testing').finish()]).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
    expect([...createProtoWriter().message(3, createProtoWriter().varint(1, 150)).finish()]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
  });

  it('writes negative numbers in ten bytes and floats in four', () => {
    expect([...createProtoWriter().varint(1, -1).finish()]).toEqual([0x08, ...Array(9).fill(0xff), 0x01]);
    expect([...createProtoWriter().float(4, 1).finish()]).toEqual([0x25, 0, 0, 0x80, 0x3f]);
  });
});

describe('savedModelBytes', () => {
  it('holds every node with its operation, inputs, attributes and values under the tag', () => {
    const bytes = savedModelBytes([
      { kind: 'input', name: 'x', dtype: 1, shape: [-1, 2] },
      { kind: 'constant', name: 'two', dtype: 1, shape: [], values: Float32Array.of(2) },
      { kind: 'operation', name: 'product', operation: 'Mul', inputs: ['x:0', 'two:0'], attributes: [{ name: 'T', type: 4, value: 1 }] },
    ]);
    const graphs = message(readFields(bytes), 2);
    expect(text(message(graphs, 1).get(4)?.[0])).toBe('serve');
    const nodes = (message(graphs, 2).get(1) ?? []).map((node) => readFields(node as Uint8Array));
    expect(nodes.map((node) => [text(node.get(1)?.[0]), text(node.get(2)?.[0])])).toEqual([
      ['x', 'Placeholder'],
      ['two', 'Const'],
      ['product', 'Mul'],
    ]);
    expect(nodes[2]?.get(3)?.map(text)).toEqual(['x:0', 'two:0']);
    const type = readFields(nodes[2]?.get(5)?.[0] as Uint8Array);
    expect([text(type.get(1)?.[0]), message(type, 2).get(6)]).toEqual(['T', [1n]]);
    const value = message(message(readFields(nodes[1]?.get(5)?.[1] as Uint8Array), 2), 8);
    expect(value.get(4)).toEqual([Uint8Array.of(0, 0, 0, 0x40)]);
  });
});
