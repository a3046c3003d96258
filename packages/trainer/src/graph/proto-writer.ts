/** A message in protocol buffers' wire format, written field by field. Fields that hold a default may be left out. */
export interface ProtoWriter {
  varint(field: number, value: number | bigint | boolean): ProtoWriter;
  float(field: number, value: number): ProtoWriter;
  bytes(field: number, value: Uint8Array | string): ProtoWriter;
  message(field: number, value: ProtoWriter): ProtoWriter;
  finish(): Uint8Array;
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

export function createProtoWriter(): ProtoWriter {
  const chunks: Uint8Array[] = [];
  const tag = (field: number, wireType: number) => chunks.push(varintBytes(BigInt((field << 3) | wireType)));
  const writer: ProtoWriter = {
    varint: (field, value) => {
      tag(field, VARINT);
      chunks.push(varintBytes(BigInt.asUintN(64, BigInt(value))));
      return writer;
    },
    float: (field, value) => {
      tag(field, FIXED_32);
      chunks.push(new Uint8Array(Float32Array.of(value).buffer));
      return writer;
    },
    bytes: (field, value) => {
      const content = typeof value === 'string' ? Buffer.from(value) : value;
      tag(field, LENGTH_DELIMITED);
      chunks.push(varintBytes(BigInt(content.length)), content);
      return writer;
    },
    message: (field, value) => writer.bytes(field, value.finish()),
    finish: () => new Uint8Array(Buffer.concat(chunks)),
  };
  return writer;
}

/** Nearly all that is written is short. */
const SINGLE_BYTES = Array.from({ length: 128 }, (_, value) => Uint8Array.of(value));

function varintBytes(value: bigint): Uint8Array {
  if (value < 128n) return SINGLE_BYTES[Number(value)] as Uint8Array;
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}
